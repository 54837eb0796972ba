// One run for the unit tests of all three workspaces, each with its own vitest config.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { projects: ["client", "widget", "agent_console"], passWithNoTests: true },
});
