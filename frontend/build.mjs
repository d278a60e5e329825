// Builds the portal's style sheet and scripts into $OUT (default ../var/static).
// The same sources give the same bytes: no hashes, no times, no absolute paths in the output.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.env.OUT || "../var/static");
const watching = process.argv.includes("--watch");

async function buildStyles() {
  const { css } = sass.compile(join(here, "styles/bulkhead.scss"), {
    loadPaths: [join(here, "node_modules")],
    style: "compressed",
    quietDeps: true,
    charset: false,
  });
  await writeFile(join(out, "bulkhead.css"), `@charset "UTF-8";\n${css}\n`);
}

async function scriptOptions() {
  const entries = (await readdir(join(here, "scripts/pages"))).filter((name) => name.endsWith(".js")).sort();
  return {
    absWorkingDir: here,
    entryPoints: ["scripts/trusted-types.js", "scripts/common.js", ...entries.map((name) => `scripts/pages/${name}`)],
    outdir: out,
    entryNames: "[name]",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    legalComments: "none",
    logLevel: "warning",
  };
}

/** build-hash.txt names the bytes that were built; pages append it to asset addresses. */
async function stamp() {
  const hash = createHash("sha256");
  for (const name of (await readdir(out)).filter((name) => /\.(css|js)$/.test(name)).sort()) {
    hash.update(name).update(await readFile(join(out, name)));
  }
  await writeFile(join(out, "build-hash.txt"), `${hash.digest("hex")}\n`);
}

await mkdir(join(out, "test"), { recursive: true });
await cp(join(here, "images"), join(out, "images"), { recursive: true });
await cp(join(here, "node_modules/axe-core/axe.min.js"), join(out, "test/axe.min.js"));
await cp(join(here, "app.webmanifest"), join(out, "app.webmanifest"));
await buildStyles();
if (watching) {
  const context = await esbuild.context(await scriptOptions());
  await context.watch();
  console.log("Watching scripts; run again after changing a style sheet.");
} else {
  await esbuild.build(await scriptOptions());
  await stamp();
}
