import { render } from "preact";
import { App } from "./App.tsx";
import { interceptLinks } from "./router.ts";
import "./style/tokens.css";
import "./style/services.css";
import "./style/base.css";
import { applyTheme, storedTheme } from "./theme.ts";

applyTheme(storedTheme());
interceptLinks(document);
const root = document.getElementById("page");
if (root) render(<App />, root);
