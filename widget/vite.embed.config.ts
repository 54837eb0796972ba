/** Builds the loader: one file, an IIFE, whose configuration stays a placeholder that the server fills. */
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
