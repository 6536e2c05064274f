/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_LOG_H
#define BL_BASE_LOG_H

enum bl_log_level { BL_LOG_ERROR, BL_LOG_WARN, BL_LOG_INFO, BL_LOG_DEBUG };

/*
 * One line to standard error: time, level, the fact, then key=value pairs that the caller put into
 * the text: 2026-11-24T10:00:00.123Z info service programmed name=shop/cart slots=3 Control
 * characters in the text become '?': a name from outside cannot forge a line. The rooms base, api,
 * state, store and compile never log.
 */
void bl_log(enum bl_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define bl_log_error(...) bl_log(BL_LOG_ERROR, __VA_ARGS__)
#define bl_log_warn(...)  bl_log(BL_LOG_WARN, __VA_ARGS__)
#define bl_log_info(...)  bl_log(BL_LOG_INFO, __VA_ARGS__)
#define bl_log_debug(...) bl_log(BL_LOG_DEBUG, __VA_ARGS__)

/* Lines above this level are not written. The start value is BL_LOG_INFO. */
void bl_log_set_level(enum bl_log_level level);

/* "error", "warn", "info" or "debug"; -EINVAL for any other word. */
int bl_log_parse_level(const char *word, enum bl_log_level *ret_level);

#endif
