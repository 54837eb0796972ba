/** The import rules of the front ends: which file may import which, and no import circles. Used by the test only. */

/** The imports of each file: paths from the repository's root, without the ending. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

export interface Tree {
  /** Files or folders (ending in "/") that every file of the tree may import. They import only each other. */
  base: readonly string[];
  /** Files that put the features together: they may import everything. */
  roots: readonly string[];
  /** Those of the roots that every feature may import: the types of the whole. */
  types: readonly string[];
  /** Allowed imports between two features: the importing file or folder, the imported one, and the reason. */
  pairs: readonly (readonly [from: string, to: string, reason: string])[];
}

const IMPORT =
  /(?:\bimport|\bexport)\s(?:[^;"']*?\sfrom\s)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** The relative imports of a source text, types and dynamic imports included. Comments do not count. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(IMPORT)].map(([, named, dynamic]) => named ?? dynamic ?? "").filter(isRelative);
}

const isRelative = (path: string) => path.startsWith(".");

/** Resolves a relative import of `file` to a path from the root. */
export function resolveImport(file: string, path: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of path.replace(/\?\w+$/, "").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/").replace(/\.tsx?$/, "");
}

export function graphOf(sources: Readonly<Record<string, string>>): ImportGraph {
  return new Map(
    Object.entries(sources).map(([file, source]) => [
      file.replace(/\.tsx?$/, ""),
      importsOf(source).map((path) => resolveImport(file, path)),
    ]),
  );
}

/** All circles, each as the path from a file back to itself. */
export function circlesOf(graph: ImportGraph): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (path.includes(file) || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

const within = (file: string, path: string) => (path.endsWith("/") ? file.startsWith(path) : file === path);
const anyOf = (file: string, paths: readonly string[]) => paths.some((path) => within(file, path));

/** The feature of a file: its first folder within the tree, or the file itself at the top of the tree. */
const featureOf = (file: string) => file.split("/")[0] ?? file;

/** The imports that the rules forbid, as "from -> to". `trees` by the name of their folder. */
export function forbiddenImports(graph: ImportGraph, trees: Readonly<Record<string, Tree>>): string[] {
  const found: string[] = [];
  for (const [from, imports] of graph) {
    for (const to of imports) if (!isAllowed(from, to, trees)) found.push(`${from} -> ${to}`);
  }
  return found;
}

function isAllowed(from: string, to: string, trees: Readonly<Record<string, Tree>>): boolean {
  const [tree = "", ...rest] = from.split("/");
  const [otherTree = "", ...otherRest] = to.split("/");
  if (tree !== otherTree) return otherTree === "client" && tree !== "client";
  const rules = trees[tree];
  if (!rules) return false;
  return isAllowedWithin(rest.join("/"), otherRest.join("/"), rules);
}

function isAllowedWithin(from: string, to: string, { base, roots, types, pairs }: Tree): boolean {
  if (from.startsWith("test/")) return true;
  if (to.startsWith("test/")) return false;
  if (anyOf(from, roots)) return true;
  if (anyOf(from, base)) return anyOf(to, base);
  if (featureOf(from) === featureOf(to) || anyOf(to, base) || anyOf(to, types)) return true;
  return pairs.some(([one, other]) => within(from, one) && within(to, other));
}

/** The pairs that no import needs any more. */
export function unusedPairs(graph: ImportGraph, trees: Readonly<Record<string, Tree>>): string[] {
  const edges = [...graph].flatMap(([from, imports]) => imports.map((to) => [from, to] as const));
  return Object.entries(trees).flatMap(([tree, { pairs }]) =>
    pairs
      .filter(
        ([one, other]) =>
          !edges.some(([from, to]) => within(from, `${tree}/${one}`) && within(to, `${tree}/${other}`)),
      )
      .map(([one, other]) => `${tree}: ${one} -> ${other}`),
  );
}
