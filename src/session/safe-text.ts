/** Escape sequences, whole, in both spellings of their introducer (ESC and a letter, or one C1 character). */
const escapeSequences = new RegExp(
	[
		// CSI: parameters, intermediates, final.
		String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]`,
		// OSC, DCS, SOS, PM, APC up to BEL or ST. One that nothing ends is no sequence: only its introducer goes, so that no caption is swallowed.
		// The body excludes the introducers, which keeps the time linear whatever the text.
		String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)`,
		// All others: intermediates, final.
		String.raw`\x1b[ -/]*[0-~]`,
	].join('|'),
	'g',
);

/** Tab, line feed, vertical tab, form feed, carriage return, next line, line and paragraph separator. */
const separators = /[\t\n\v\f\r\x85\u2028\u2029]/g;

/** C0, DEL, C1, and the format characters that hide text or turn its direction. ZWJ and ZWNJ stay: scripts and emoji need them. */
const invisible =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
	/[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

const loneSurrogates = /\p{Surrogate}/gu;

/**
 * `text` as it may go to a terminal, a file or a mail (design §8): one line that cannot move the cursor, reverse the direction or hide anything.
 * Escape sequences are removed whole, what separates lines or columns becomes a space, lone surrogates become U+FFFD. What it returns it returns unchanged
 * when it is given it again.
 */
export function safeText(text: string): string {
	return text
		.replace(escapeSequences, '')
		.replace(separators, ' ')
		.replace(invisible, '')
		.replace(loneSurrogates, '\uFFFD');
}

/** `safeText` without spaces at its ends or twice in a row: how a caption, a title or a name is written. */
export function safeLine(text: string): string {
	return safeText(text).replace(/\s+/g, ' ').trim();
}
