/** Drawings on a grid of 24; strokes only. */

export const BUBBLE =
  "M12 3.5c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-1 0-2-.1-2.9-.4L4.5 20.5l1-3.6A7.2 7.2 0 0 1 3 11.2c0-4.3 4-7.7 9-7.7ZM8.2 11.3h0m3.8 0h0m3.8 0h0";
export const DOWN = "M6 9.5l6 6 6-6";
export const DOTS = "M5.5 12h0m6.5 0h0m6.5 0h0";
export const SEND = "M12 19V5m-6 6 6-6 6 6";
export const COPY = "M9 9h10v11H9zM15 9V4H5v11h4";
export const CHECK = "M5 12.5l4.5 4.5L19 7.5";
export const THUMB = "M7 11v9H4v-9zm0 0 4-7c2 0 2.5 1 2 3l-.5 3H18c2 0 2.4 1 2 3l-2 6c-.5 1.5-1 2-2 2H7";
export const LEFT = "M14.5 6l-6 6 6 6";
export const RIGHT = "M9.5 6l6 6-6 6";
export const STAR = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z";
export const BAG = "M5 8h14l1 12H4zM9 8a3 3 0 0 1 6 0";
export const PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.7-3.6 3.7-5.5 7.5-5.5s6.8 1.9 7.5 5.5";
export const CLOCK = "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z";
export const CLIP = "M8 12.5l6.5-6.5a3 3 0 0 1 4.3 4.3L10.5 18.5a5 5 0 0 1-7-7L11 4";
export const MIC = "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3ZM6 11a6 6 0 0 0 12 0m-6 6v3";
export const PENCIL = "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3";
export const CROSS = "M7 7l10 10M17 7L7 17";
export const FILE = "M7 3.5h7l4 4v13H7zM14 3.5v4h4";
