/** The loader's styles: launcher, preview and panel in the shadow root. Its accent is the site's, or that of tokens.css. */
import { color } from "./site";

/**
 * One string without line breaks, to save bytes. The host is fixed, or it would be an item of the page's layout. Sizes are
 * in px, and those of the window in percent, which a page's zoom does not change. A page may move launcher and panel with
 * --guichet-bottom and --guichet-side. The text on the accent (--o) is black or white, whichever is readable.
 */
export const styles = `\
:host{all:initial!important;position:fixed!important}\
@media print{.g{display:none}}\
.g{all:initial;--a:${color ?? "light-dark(#17695f,#5cc2b1)"};--o:oklch(from var(--a) calc((.67 - l)*999) 0 0);font:14px/1.4 system-ui;color:CanvasText}\
.g[hidden]{visibility:hidden}\
.g [hidden]{display:none}\
button,a{all:unset;box-sizing:border-box;cursor:pointer}\
:focus-visible{outline:revert;outline-offset:3px}\
.l,.v,.p{position:fixed;inset-inline-end:var(--guichet-side,20px);bottom:calc(var(--guichet-bottom,20px) + 70px);border-radius:14px;background:Canvas;box-shadow:0 4px 14px #0003}\
.l{bottom:var(--guichet-bottom,20px);display:grid;place-items:center;width:58px;height:58px;border-radius:29px;background:var(--a);color:var(--o)}\
.l:before{content:"";width:26px;height:26px;background:currentColor;forced-color-adjust:none;clip-path:path("M2 4h22v15H14l-7 5v-5H2z")}\
.on>.l:before{clip-path:path("m6 8 7 7 7-7 2 2-9 9-9-9z")}\
.n{position:absolute;top:-4px;right:-4px;padding:0 8px;border-radius:14px;background:#b3261e;color:#fff;font:600 12px/22px system-ui;text-align:center}\
.v{width:max-content;max-width:230px;padding:11px 14px}\
.v *{display:block;overflow:hidden;max-height:2.8em;overflow-wrap:anywhere}\
.p{outline:0;width:min(376px,100% - 40px);height:min(640px,100% - 92px - var(--guichet-bottom,20px));overflow:hidden;visibility:hidden}\
iframe{position:absolute;inset:0;width:100%;height:100%;border:0}\
[inert]{visibility:hidden}\
.c *{display:block;padding:11px 14px;line-height:22px}\
.c header{display:flex;place-items:center;place-content:space-between}\
p>*{color:var(--a)}\
i{width:50%;margin:14px;border-radius:14px;background:#8883;box-shadow:0 54px #8883,0 108px #8883}\
.on>.p{visibility:visible;animation:f .16s}\
@keyframes f{0%{opacity:0}}\
@media(max-width:480px){.p{inset:0;width:auto;height:auto;border-radius:0}.on>.l{display:none}}\
@media(prefers-reduced-motion){*{animation:none!important}}\
@media(forced-colors:active){.l,.v,.p{border:2px solid}}`;
