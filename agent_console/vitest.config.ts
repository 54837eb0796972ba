/** The console's units, in Node: what they touch of a browser is in test/browser_stub.ts. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { setupFiles: ["test/browser_stub.ts"] } });
