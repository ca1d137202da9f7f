import {EngineError} from './protocol.js';

/** One entry of a SentencePiece vocabulary. */
export type Piece = {
	text: string;
	/** `text` is spelled out, `byte` is one byte of UTF-8, `silent` (control, unknown, unused) has no spelling. */
	kind: 'text' | 'byte' | 'silent';
	byte: number;
};

const pieceTypes = {normal: 1, userDefined: 4, byte: 6};
const maxPieces = 1_000_000;

/**
 * Reads the pieces of a SentencePiece `.model` file, in id order: top-level field 1 is a piece, in it field 1 the string and field 3 the type.
 * Must give what SentencePiece's `id_to_piece` gives. Throws `EngineError` when the bytes are no such file.
 */
export function readPieces(bytes: Uint8Array): Piece[] {
	const pieces: Piece[] = [];
	for (const field of fields(bytes)) {
		if (field.number !== 1 || !field.bytes) continue;
		if (pieces.length === maxPieces) throw broken(`more than ${maxPieces} pieces`);
		let text = '';
		let type = pieceTypes.normal;
		for (const inner of fields(field.bytes)) {
			if (inner.number === 1 && inner.bytes) text = new TextDecoder().decode(inner.bytes);
			if (inner.number === 3 && inner.varint !== undefined) type = inner.varint;
		}
		pieces.push(toPiece(text, type));
	}
	if (pieces.length === 0) throw broken('no pieces');
	return pieces;
}

function toPiece(text: string, type: number): Piece {
	if (type === pieceTypes.byte) {
		const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
		if (!hex) throw broken('a byte piece that is not spelled <0xNN>');
		return {text, kind: 'byte', byte: Number.parseInt(hex, 16)};
	}
	const isText = type === pieceTypes.normal || type === pieceTypes.userDefined;
	return {text, kind: isText ? 'text' : 'silent', byte: 0};
}

type Field = {number: number; varint?: number; bytes?: Uint8Array};

/** The fields of one protobuf message. Lengths are checked, so that hostile bytes end in an error and not in a read past the end. */
function* fields(bytes: Uint8Array): Generator<Field> {
	let at = 0;
	const varint = () => {
		let value = 0;
		for (let shift = 0; shift < 64; shift += 7) {
			if (at >= bytes.length) throw broken('a number that does not end');
			const byte = bytes[at++]!;
			value += (byte & 127) * 2 ** shift;
			if (byte < 128) return value;
		}
		throw broken('a number of more than 64 bits');
	};
	const take = (length: number) => {
		if (length > bytes.length - at) throw broken('a field longer than the file');
		at += length;
		return bytes.subarray(at - length, at);
	};
	while (at < bytes.length) {
		const key = varint();
		const number = Math.floor(key / 8);
		const wireType = key % 8;
		if (wireType === 0) yield {number, varint: varint()};
		else if (wireType === 1) yield {number, bytes: take(8)};
		else if (wireType === 2) yield {number, bytes: take(varint())};
		else if (wireType === 5) yield {number, bytes: take(4)};
		else throw broken(`wire type ${wireType}`);
	}
}

const broken = (what: string) =>
	new EngineError('bad-package', `The tokenizer should be a SentencePiece model and has ${what}.`);
