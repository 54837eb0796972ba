/** The console: dresses the page and opens the gate. */
import "@preact/signals";
import { render } from "preact";
import { App } from "./app/app";
import { dressPage } from "./app/preferences";
import "./styles/console.css";

const place = document.getElementById("app");
dressPage();
if (place) render(<App />, place);
