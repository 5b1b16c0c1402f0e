/** A soft note, made here so that no file is fetched. */

let audio: AudioContext | null = null;

export function chime(): void {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const now = audio.currentTime;
  tone.frequency.value = 740;
  volume.gain.setValueAtTime(0.06, now);
  volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.5);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(now + 0.5);
}
