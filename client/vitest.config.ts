/** The client's units; `css` so that a test can read the tokens. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { css: true } });
