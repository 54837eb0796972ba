/** Builds the loader: one IIFE. The server fills the placeholder of its configuration. */
import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "../chat/static/widget",
    emptyOutDir: false,
    copyPublicDir: false,
    lib: { entry: "loader/embed.ts", formats: ["iife"], name: "guichetLoader", fileName: () => "embed.js" },
  },
});
