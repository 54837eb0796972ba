/** The console: dresses the page and opens the gate. */
import "@preact/signals";
import { render } from "preact";
import { dressPage } from "./settings";
import { App } from "./views/app";
import "./styles/console.css";

const place = document.getElementById("app");
dressPage();
if (place) render(<App />, place);
