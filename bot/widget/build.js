/**
 * Builds dist/: panel.js (an ES module, loaded when it is needed) and then widget.js (the classic
 * script on the shop's page, which asks for the panel by the hash of its content).
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
      // Of a library's modules, Vite keeps the white space; nobody builds on these.
      rolldownOptions: { output: { minify: true } },
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
await bundle("panel/panel.ts", "panel.js", "es");
const version = createHash("sha256").update(readFileSync(join(dist, "panel.js"))).digest("hex");
await bundle("launcher/launcher.ts", "widget.js", "iife", {
  __PANEL_VERSION__: JSON.stringify(version.slice(0, 12)),
});
