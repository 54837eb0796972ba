/** The dialog that lists the shortcuts and turns the single-letter ones off. */

import { useConsole } from "../app/console";
import { shortcuts, texts } from "../app/preferences";
import { Dialog } from "../ui/dialog";

function Keys({ all }: { all: readonly string[] }) {
  return (
    <dd>
      {all.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </dd>
  );
}

export function ShortcutsDialog() {
  const { dialog } = useConsole();
  const t = texts.value.shortcutsDialog;
  const { enter, shift, ctrl, alt, escape: esc } = t.keys;
  const table: readonly [string, readonly string[]][] = [
    [t.next, ["J", "K"]],
    [t.open, [enter]],
    [t.jump, [`${alt} 1 … 9`]],
    [t.search, [`${ctrl} K`]],
    [t.claim, ["A"]],
    [t.decline, ["X"]],
    [t.end, ["E"]],
    [t.undo, ["Z"]],
    [t.handOver, ["T"]],
    [t.presence, ["D"]],
    [t.reply, [`${alt} L`]],
    [t.note, [`${alt} P`]],
    [t.send, [enter, `${ctrl} ${enter}`]],
    [t.newLine, [`${shift} ${enter}`]],
    [t.back, [esc]],
    [t.this, ["?"]],
  ];
  return (
    <Dialog
      title={t.title}
      onClose={() => {
        dialog.value = null;
      }}
    >
      <dl class="shortcuts">
        {table.map(([name, keys]) => (
          <div key={name}>
            <dt>{name}</dt>
            <Keys all={keys} />
          </div>
        ))}
      </dl>
      <label class="shortcuts__toggle">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={(event) => {
            shortcuts.value = event.currentTarget.checked;
          }}
        />
        {t.toggle}
      </label>
    </Dialog>
  );
}
