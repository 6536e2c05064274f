/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_ERR_H
#define BL_BASE_ERR_H

/*
 * An error that a person reads. It is filled where the fact is known and gets context on the way
 * up, outermost first: "service 'shop/cart': port 70000 out of range". It is logged or answered
 * once, at the edge. Every function accepts err == NULL and then only returns the code.
 */
struct bl_err {
	int code;	 /* a negative errno, 0 when nothing went wrong */
	char text[1000]; /* UTF-8, always terminated; what does not fit is cut */
};

/* Sets the error and returns `code`, so that a leaf can end in `return bl_err_set(err, -EINVAL,
 * ...)`. */
int bl_err_set(struct bl_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text, and returns the error's code. */
int bl_err_wrap(struct bl_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text, or a text for the code when none was set. Lends. */
const char *bl_err_text(const struct bl_err *err);

#endif
