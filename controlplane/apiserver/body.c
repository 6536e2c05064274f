// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Bodies in pieces.
 *
 * Objects are kept as the text that goes over the wire, so an answer is mostly references to texts that exist already.
 * A body is a row of such pieces; the HTTP library asks for the next bytes when the socket takes them and gets them
 * copied straight from the objects. The objects stay as they were when the list was made, because they never change:
 * a write makes a new one and the list keeps the old one alive until it was sent.
 *
 * The total is known before the first byte, so that lists carry a Content-Length and connections stay open.
 */
#include "apiserver/body.h"

#include <string.h>

#include "base/mem.h"

static struct bl_piece *add(struct bl_body *b)
{
	if (b->count == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 2;
		b->pieces = bl_realloc(b->pieces, b->cap, sizeof(*b->pieces));
	}
	b->pieces[b->count] = (struct bl_piece){};
	return &b->pieces[b->count++];
}

void bl_body_bytes(struct bl_body *b, char *data, size_t len)
{
	struct bl_piece *p = add(b);

	p->text = data;
	p->len = (uint32_t)len;
	b->total += len;
}

void bl_body_text(struct bl_body *b, char *text)
{
	bl_body_bytes(b, text, strlen(text));
}

void bl_body_puts(struct bl_body *b, const char *text)
{
	bl_body_text(b, bl_strdup(text));
}

void bl_body_object(struct bl_body *b, struct bl_object *obj)
{
	struct bl_piece *p = add(b);

	p->obj = bl_object_ref(obj);
	p->len = obj->len;
	b->total += p->len;
}

void bl_body_item(struct bl_body *b, struct bl_object *obj, bool first)
{
	struct bl_piece *p = add(b);

	p->obj = bl_object_ref(obj);
	p->off = (uint32_t)bl_object_item_offset(obj);
	p->len = obj->len - p->off;
	p->lead = first ? "{" : ",{";
	b->total += p->len + strlen(p->lead);
}

static size_t copy_from(const char *from, size_t len, size_t done, char *to, size_t max)
{
	size_t n = len - done < max ? len - done : max;

	memcpy(to, from + done, n);
	return n;
}

/* The next bytes of one piece; 0 when it is used up. */
static size_t read_piece(const struct bl_piece *p, size_t done, char *to, size_t max)
{
	size_t lead = p->lead ? strlen(p->lead) : 0;
	const char *text = p->obj ? bl_object_json(p->obj) + p->off : p->text;

	if (done < lead)
		return copy_from(p->lead, lead, done, to, max);
	return copy_from(text, p->len, done - lead, to, max);
}

size_t bl_body_read(struct bl_body *b, char *to, size_t max)
{
	size_t got = 0;

	while (got < max && b->at < b->count) {
		size_t n = read_piece(&b->pieces[b->at], b->done, to + got, max - got);

		if (!n) {
			b->at++;
			b->done = 0;
		}
		b->done += n;
		got += n;
	}
	return got;
}

void bl_body_free(struct bl_body *b)
{
	for (size_t i = 0; i < b->count; i++) {
		bl_object_unref(b->pieces[i].obj);
		free(b->pieces[i].text);
	}
	free(b->pieces);
	*b = (struct bl_body){};
}
