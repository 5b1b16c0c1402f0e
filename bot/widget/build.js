/**
 * Builds dist/: panel.js, forms.js (ES modules, loaded when they are needed) and their words, then
 * widget.js (the classic script on the shop's page, which asks for them by the hash of their content),
 * and the scripts for the carts of well-known shop systems.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.argv[2] ?? join(here, "dist");

async function bundle(entry, file, format, define = {}) {
  await build({
    root: here,
    configFile: false,
    logLevel: "warn",
    define,
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      // Of a library's modules, Vite keeps white space and notes for who builds on them; nobody does.
      rolldownOptions: { output: { minify: true, comments: false } },
      lib: {
        entry: join(here, "src", entry),
        formats: [format],
        name: "ShopguideWidget",
        fileName: () => file,
      },
    },
  });
}

rmSync(dist, { recursive: true, force: true });
const hash = createHash("sha256");
for (const [entry, file] of [
  ["panel/panel.ts", "panel.js"],
  ["panel/forms.ts", "forms.js"],
  ["words/en.ts", "words-en.js"],
  ["words/zh.ts", "words-zh.js"],
]) {
  await bundle(entry, file, "es");
  hash.update(readFileSync(join(dist, file)));
}
await bundle("launcher/launcher.ts", "widget.js", "iife", {
  __VERSION__: JSON.stringify(hash.digest("hex").slice(0, 12)),
});
for (const cart of ["shopify", "woocommerce"]) await bundle(`adapters/${cart}.ts`, `cart-${cart}.js`, "iife");
