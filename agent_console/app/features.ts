/** The list of features. A new feature is one folder and one line here. */
import { promises } from "../promises/feature";
import type { Feature } from "./feature";

export const FEATURES: readonly Feature[] = [promises];
