import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "https://shop.example/products/tent" } },
    setupFiles: "tests/setup.ts",
    include: ["tests/*.test.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
