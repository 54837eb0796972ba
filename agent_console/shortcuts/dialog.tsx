/** The sheet of shortcuts, and the switch that turns the single letters off. */

import { useDesk } from "../app/console";
import { shortcuts, words } from "../app/preferences";
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

export function Sheet() {
  const { dialog } = useDesk();
  const say = words.value.sheet;
  const { enter, shift, ctrl, alt, escape: esc } = say.keys;
  const table: readonly [string, readonly string[]][] = [
    [say.next, ["J", "K"]],
    [say.open, [enter]],
    [say.jump, [`${alt} 1 … 9`]],
    [say.search, [`${ctrl} K`]],
    [say.claim, ["A"]],
    [say.decline, ["X"]],
    [say.end, ["E"]],
    [say.undo, ["Z"]],
    [say.handOver, ["T"]],
    [say.presence, ["D"]],
    [say.reply, [`${alt} L`]],
    [say.note, [`${alt} P`]],
    [say.send, [enter, `${ctrl} ${enter}`]],
    [say.line, [`${shift} ${enter}`]],
    [say.back, [esc]],
    [say.this, ["?"]],
  ];
  return (
    <Dialog
      title={say.title}
      onClose={() => {
        dialog.value = null;
      }}
    >
      <dl class="sheet">
        {table.map(([name, keys]) => (
          <div key={name}>
            <dt>{name}</dt>
            <Keys all={keys} />
          </div>
        ))}
      </dl>
      <label class="sheet__toggle">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={(event) => {
            shortcuts.value = event.currentTarget.checked;
          }}
        />
        {say.toggle}
      </label>
    </Dialog>
  );
}
