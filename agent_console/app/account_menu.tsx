/** One's own account on this browser: appearance, language, sounds, signing out. */

import { Avatar } from "../ui/avatar";
import { Menu, MenuGroup, MenuItem } from "../ui/menu";
import { useDesk } from "./console";
import { type Language, language, shortcuts, sound, type Theme, theme, words } from "./preferences";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const LANGUAGES: readonly Language[] = ["fr", "en"];

export function AccountMenu({ onSignOut, up = false }: { onSignOut: () => void; up?: boolean }) {
  const { presence } = useDesk();
  const me = presence.me.value;
  const dot = presence.choice.value === "available" ? "on" : "off";
  const say = words.value.nav;
  return (
    <Menu
      label={say.account(me.name)}
      kind="rail__me"
      up={up}
      side={up ? "start" : "end"}
      face={<Avatar name={me.name} photo={me.photo} dot={dot} />}
    >
      {() => (
        <>
          <MenuGroup label={say.theme}>
            {THEMES.map((one) => (
              <MenuItem key={one} chosen={theme.value === one} onPick={() => (theme.value = one)}>
                {say.themes[one]}
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuGroup label={say.language}>
            {LANGUAGES.map((one) => (
              <MenuItem key={one} chosen={language.value === one} onPick={() => (language.value = one)}>
                <span lang={one}>{say.languages[one]}</span>
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuItem checked={sound.value} onPick={() => (sound.value = !sound.value)}>
            {say.sound}
          </MenuItem>
          <MenuItem checked={shortcuts.value} onPick={() => (shortcuts.value = !shortcuts.value)}>
            {say.shortcutsOn}
          </MenuItem>
          <MenuItem onPick={onSignOut}>{say.signOut}</MenuItem>
        </>
      )}
    </Menu>
  );
}
