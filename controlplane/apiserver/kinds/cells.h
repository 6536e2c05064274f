/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_CELLS_H
#define BL_APISERVER_KINDS_CELLS_H

#include <jansson.h>

#include "base/buf.h"

/* Cells of a Table, appended to the row under way. */
void bl_cell_str(json_t *row, const char *text);
void bl_cell_str_or(json_t *row, const char *text, const char *otherwise); /* where text is empty */
void bl_cell_int(json_t *row, long long number);
void bl_cell_buf(json_t *row, struct bl_buf *b, const char *otherwise); /* takes the text */

/* metadata.name, and how long ago metadata.creationTimestamp was. */
void bl_cell_name(json_t *row, const json_t *obj);
void bl_cell_age(json_t *row, const json_t *obj, long long now_ns);

/* How long ago an RFC 3339 time was: "5m30s", "<unknown>" for an empty one. Fills buf, returns it. */
#define BL_SINCE_LEN 32
const char *bl_since(const char *time, long long now_ns, char buf[BL_SINCE_LEN]);

/* "a=b,c=d" by key, "<none>" for an empty map. */
void bl_cell_labels(json_t *row, const json_t *labels);

/* A label selector as kubectl's -l takes it: "a=b,c in (d,e),!f"; "<none>" for an empty one. */
void bl_cell_selector(json_t *row, const json_t *selector);

#endif
