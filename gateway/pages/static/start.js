// Wakes up the design system's components; every page works without.
import { initAll } from "./nhsuk/nhsuk-frontend.min.js";

initAll();
