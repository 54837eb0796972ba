/** The limits on the size of the built files, as a browser gets them: brotli, with the server's parts filled in. */
import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const LOADER_MAX = 3_000;
const OPENED_MAX = 20_000;

const folder = new URL("../../chat/static/widget/", import.meta.url);
const built = (name) => readFileSync(new URL(name, folder));
const weight = (content) => brotliCompressSync(content).length;

function loader() {
  const origin = "https://support.une-boutique.fr";
  const texts = JSON.parse(built("loader.json").toString());
  const config = { key: "une-boutique", origin, texts, color: "#17695f", position: "right" };
  return built("embed.js").toString().replace("__GUICHET_CONFIG__", JSON.stringify(config));
}

/** The frame's page as its template makes it, with more categories than usual. */
function page() {
  const template = readFileSync(new URL("../../chat/templates/frame.html", import.meta.url)).toString();
  return template.replace("{{ config }}", "&#34;category&#34;:&#34;Something&#34;,".repeat(12));
}

describe("the size (built files: npm run build)", () => {
  test("the loader has its placeholder exactly once", () => {
    expect(built("embed.js").toString().split("__GUICHET_CONFIG__").length).toBe(2);
  });

  test("the loader with its configuration is within the limit", () => {
    expect(weight(loader())).toBeLessThanOrEqual(LOADER_MAX);
  });

  test.each(["fr", "en"])("an opened chat in %s: page, script, styles and one language", (language) => {
    const manifest = JSON.parse(built(".vite/manifest.json").toString());
    const files = ["main.tsx", "styles/widget.css", `locales/${language}.ts`].map(
      (source) => manifest[source].file,
    );
    const bytes = files.reduce((sum, file) => sum + weight(built(file)), weight(page()));
    expect(bytes).toBeLessThanOrEqual(OPENED_MAX);
  });

  test("the script imports no other chunk", () => {
    const manifest = JSON.parse(built(".vite/manifest.json").toString());
    expect(manifest["main.tsx"].imports ?? []).toEqual([]);
  });
});
