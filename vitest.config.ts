// One run for the units of all three workspaces, each with its own vite config.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { projects: ["client", "widget", "agent_console"], passWithNoTests: true },
});
