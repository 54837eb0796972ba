/**
 * Builds the frame: hashed files and a manifest for the server. Languages, the form and long polling are chunks of
 * their own.
 */
import { defineConfig, type Plugin } from "vite";

/** Vite wraps every import() in a preloader of 0.8 kB; our chunks have nothing to preload. */
const bareImports: Plugin = {
  name: "bare-imports",
  enforce: "pre",
  load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null),
};

/** The arguments of that preloader, which ours does not read. */
const bareCalls: Plugin = {
  name: "bare-calls",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === "chunk") file.code = file.code.replaceAll(",[],import.meta.url)", ")");
    },
  },
};

/** The tokens are shared with the console; those that the widget does not use are removed. */
const usedTokens: Plugin = {
  name: "used-tokens",
  enforce: "post",
  generateBundle(_, bundle) {
    const files = Object.values(bundle);
    const all = files.map((file) => (file.type === "asset" ? String(file.source) : file.code)).join("");
    for (const file of files) {
      if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
      file.source = String(file.source).replace(/(?<=[;{])(--[\w-]+):[^;{}]+;?/g, (token, name) =>
        all.includes(`var(${name})`) ? token : "",
      );
    }
  },
};

export default defineConfig({
  base: "./",
  resolve: { alias: { "preact/jsx-runtime": new URL("./frame/jsx.ts", import.meta.url).pathname } },
  plugins: [bareImports, bareCalls, usedTokens],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    outDir: "../chat/static/widget",
    emptyOutDir: true,
    manifest: true,
    modulePreload: false,
    rolldownOptions: {
      input: ["main.tsx", "styles/widget.css"],
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
