/** Whether the user is looking at this page. */

export const isPageFocused = (): boolean => document.visibilityState === "visible" && document.hasFocus();
