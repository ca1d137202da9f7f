/** `ms` of tape time as `HH:MM:SS` and three digits after `separator`, as SubRip (`,`) and WebVTT (`.`) want it; hours grow past 99. */
export function timestamp(ms: number, separator: ',' | '.'): string {
	const {hours, minutes, seconds, rest} = parts(ms);
	return `${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(seconds)}${separator}${String(rest).padStart(3, '0')}`;
}

/** `ms` for people: `0:42`, `12:05`, `1:02:03`. Whole seconds, rounded down. */
export function shortTime(ms: number): string {
	const {hours, minutes, seconds} = parts(ms);
	return hours > 0 ? `${hours}:${twoDigits(minutes)}:${twoDigits(seconds)}` : `${minutes}:${twoDigits(seconds)}`;
}

/** Local time of day: `09:30:05`. */
export const clockTime = (date: Date): string => date.toTimeString().slice(0, 8);

/** Local date: `2026-11-25`; empty where there is none. */
export const localDate = (date: Date | undefined): string =>
	date
		? [String(date.getFullYear()).padStart(4, '0'), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-')
		: '';

/** Local date and time as file names have them: `2026-11-25_09-30-05`. */
export const fileTime = (date: Date): string => `${localDate(date)}_${clockTime(date).replaceAll(':', '-')}`;

function parts(ms: number) {
	const whole = Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : 0;
	return {
		hours: Math.floor(whole / 3_600_000),
		minutes: Math.floor(whole / 60_000) % 60,
		seconds: Math.floor(whole / 1000) % 60,
		rest: whole % 1000,
	};
}

const twoDigits = (count: number) => String(count).padStart(2, '0');
