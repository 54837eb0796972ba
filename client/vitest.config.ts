/** Unit tests of client/. `css` lets a test read the colour tokens. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { css: true } });
