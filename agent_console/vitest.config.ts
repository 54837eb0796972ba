/** The console's units, in Node: what they touch of a browser is in test/page.ts. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { setupFiles: ["test/page.ts"] } });
