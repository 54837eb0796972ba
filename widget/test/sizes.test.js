/**
 * The limits on the size of what a browser downloads, with the server's parts filled in: brotli for the built files,
 * deflate for the frame's page. tests/journeys/test_size_storage_and_csp.py measures the same in a browser.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { LOCALES } from "../../client/protocol/vocabulary";

const LOADER_MAX = 3_200;
const OPENED_MAX = 21_000;

const folder = new URL("../../chat/static/widget/", import.meta.url);
const chat = (path) => readFileSync(new URL(`../../chat/${path}`, import.meta.url)).toString();
const catalog = (language) => Object.entries(JSON.parse(chat(`locales/${language}.json`)));
const built = (name) => readFileSync(new URL(name, folder));
const weight = (content) => brotliCompressSync(content).length;

function loaderTexts(language) {
  const texts = catalog(language).filter(([key]) => key.startsWith("loader."));
  return Object.fromEntries(texts.map(([key, text]) => [key.slice("loader.".length), text]));
}

function loader() {
  const origin = "https://support.une-boutique.fr";
  const texts = Object.fromEntries(LOCALES.map((language) => [language, loaderTexts(language)]));
  const config = { key: "une-boutique", origin, texts, color: "#17695f" };
  return built("embed.js").toString().replace("__GUICHET_CONFIG__", JSON.stringify(config));
}

/** The frame's page of a new install. */
function page(language, [script, style, pack]) {
  const labels = catalog(language).filter(([key]) => key.startsWith("category."));
  const choices = { category: labels.map(([key, name]) => ({ id: key.slice("category.".length), name })) };
  const config = { key: "demo", lang: language, parents: ["localhost"], choices, name: null, color: null };
  const values = {
    language,
    config: JSON.stringify(config).replaceAll('"', "&#34;"),
    't("product")': "Guichet",
    style: `/static/widget/${style}`,
    pack: `/static/widget/${pack}`,
    script: `/static/widget/${script}`,
  };
  return chat("templates/frame.html")
    .replace(/{%.*%}\n/g, "")
    .replace(/{{ (.*?) }}/g, (_, name) => values[name]);
}

describe("the size (built files: npm run build)", () => {
  test("the loader has its placeholder exactly once", () => {
    expect(built("embed.js").toString().split("__GUICHET_CONFIG__").length).toBe(2);
  });

  test("the loader with its configuration is within the limit", () => {
    expect(weight(loader())).toBeLessThanOrEqual(LOADER_MAX);
  });

  test.each(LOCALES)("an opened chat in %s: page, script, styles and one language", (language) => {
    const manifest = JSON.parse(built(".vite/manifest.json").toString());
    const files = ["main.tsx", "styles/widget.css", `locales/${language}.ts`].map(
      (source) => manifest[source].file,
    );
    const pageBytes = deflateSync(page(language, files)).length;
    const bytes = files.reduce((sum, file) => sum + weight(built(file)), pageBytes);
    expect(bytes).toBeLessThanOrEqual(OPENED_MAX);
  });

  test("the script imports no other chunk", () => {
    const manifest = JSON.parse(built(".vite/manifest.json").toString());
    expect(manifest["main.tsx"].imports ?? []).toEqual([]);
  });
});
