/** The loader's styles: launcher, preview and panel in the shadow root. Its colours repeat those of tokens.css. */

/**
 * One string without line breaks, to save bytes. The host is fixed, or it would be an item of the page's layout. Sizes are
 * in px, out of the host page's reach. A page may move the launcher with --guichet-bottom and --guichet-side.
 */
export const styles = `\
:host{all:initial!important;position:fixed!important;z-index:2147483000!important}\
@media print{.g{display:none}}\
.g{--a:light-dark(#17695f,#5cc2b1);--o:light-dark(#fff,#04201b);--b:light-dark(#fff,#141918);position:fixed;inset-block-end:var(--guichet-bottom,20px);inset-inline-end:var(--guichet-side,20px);font:14px/1.4 system-ui,sans-serif;color:light-dark(#171c1a,#e9eeec)}\
.g[hidden],.g [hidden]{display:none}\
.left{inset-inline:var(--guichet-side,20px) auto}\
button{all:unset;box-sizing:border-box;cursor:pointer;box-shadow:0 4px 14px #0003}\
button:focus-visible{outline:2px solid light-dark(#0b57d0,#8ab4ff);outline-offset:3px}\
.l{display:grid;place-items:center;inline-size:58px;block-size:58px;border-radius:50%;background:var(--a);color:var(--o)}\
svg{inline-size:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}\
.n{position:absolute;inset:-4px -4px auto auto;min-inline-size:22px;box-sizing:border-box;padding:0 5px;border-radius:11px;background:light-dark(#b3261e,#ff9b92);color:light-dark(#fff,#3a0905);font-weight:700;font-size:12px;line-height:22px;text-align:center}\
.v,.p{position:absolute;inset-inline-end:0;inset-block-end:70px;background:var(--b)}\
.left>.v,.left>.p{inset-inline:0 auto}\
.v{inline-size:max-content;max-inline-size:min(230px,80vw);padding:11px 14px;border-radius:14px}\
.v *{display:block;overflow:hidden;max-block-size:2.8em;overflow-wrap:anywhere}\
.v small{font-size:12px;color:light-dark(#626c67,#93a09b)}\
.p{outline:0;inline-size:min(376px,100vw - 40px);block-size:min(640px,100dvh - 112px);border-radius:16px;overflow:hidden;box-shadow:0 16px 48px #0004;transition:.16s,visibility 0s}\
.g:not(.on)>.p{visibility:hidden;opacity:0;transform:translateY(8px);transition-delay:0s,.16s}\
iframe{display:block;inline-size:100%;block-size:100%;border:0}\
@media(max-width:480px){.g>.p{position:fixed;inset:0;inline-size:100vw;block-size:100dvh;border-radius:0}.on>.l{display:none}}\
@media(prefers-reduced-motion){.p{transition:none}}\
@media(forced-colors:active){.l,.v,.p{border:2px solid}}`;
