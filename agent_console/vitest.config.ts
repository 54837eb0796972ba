/** Unit tests of the console in Node; test/browser_stub.ts has the parts of a browser that they use. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { setupFiles: ["test/browser_stub.ts"], css: true } });
