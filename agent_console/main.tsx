/** The console's entry: applies the preferences to the page and draws the app. */
import "@preact/signals";
import { render } from "preact";
import { App } from "./app/app";
import { applyPagePreferences } from "./app/preferences";
import "./styles/console.css";

const root = document.getElementById("app");
applyPagePreferences();
if (root) render(<App />, root);
