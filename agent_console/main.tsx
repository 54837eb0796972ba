/** The console's entry: applies the preferences to the page and draws the app. */
import "@preact/signals";
import { render } from "preact";
import { makeTextsReplaceable } from "../client/dom/replaceable_text";
// Before the views: their stylesheets follow this one, which orders the layers.
import "./styles/console.css";
import { App } from "./app/app";
import { applyPagePreferences } from "./app/preferences";

const root = document.getElementById("app");
makeTextsReplaceable();
applyPagePreferences();
if (root) render(<App />, root);
