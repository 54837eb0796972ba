/** Two sounds made with Web Audio. Browsers allow audio only after the first click or key on the page. */
import { signal } from "@preact/signals";

export interface SoundNote {
  /** Hertz. */
  pitch: number;
  /** Seconds after the start of the sound. */
  at: number;
  /** Seconds. */
  lasts: number;
}

export const RING: readonly SoundNote[] = [
  { pitch: 659, at: 0, lasts: 0.5 },
  { pitch: 880, at: 0.18, lasts: 0.6 },
  { pitch: 659, at: 0.7, lasts: 0.5 },
  { pitch: 880, at: 0.88, lasts: 0.8 },
];
export const CHIME: readonly SoundNote[] = [{ pitch: 587, at: 0, lasts: 0.35 }];

const LOUDNESS = 0.16;

function playNote(audio: AudioContext, note: SoundNote): void {
  const begin = audio.currentTime + note.at;
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.type = "sine";
  tone.frequency.value = note.pitch;
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, begin + note.lasts);
  tone.connect(gain).connect(audio.destination);
  tone.start(begin);
  tone.stop(begin + note.lasts);
}

/** False: the browser would not play a sound now. */
export function createSpeaker() {
  const awake = signal(false);
  let audio: AudioContext | null = null;

  /** Call it from a click or a key, or the browser refuses. */
  async function wake(): Promise<boolean> {
    try {
      audio ??= new AudioContext();
      await audio.resume();
      awake.value = audio.state === "running";
    } catch {
      awake.value = false;
    }
    return awake.value;
  }

  function play(sound: readonly SoundNote[]): void {
    if (audio?.state !== "running") return;
    for (const note of sound) playNote(audio, note);
  }

  return { awake, wake, play };
}

export type Speaker = ReturnType<typeof createSpeaker>;
