// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What BIRD says about its sessions.
 *
 * BIRD's answers are for people: a table line a protocol (code 1002) and below it indented `Key: value` lines (code 1006). The
 * parser knows the few keys that beeline shows and passes over everything else, so that another version of BIRD that says more
 * costs nothing and one that words something differently costs that field only. No session is ever invented: a protocol
 * counts where its second word is BGP.
 *
 *     peer_fabric4 BGP        ---        up     10:00:01.000  Established
 *       BGP state:          Established
 *         Neighbor address: 10.0.0.1
 *         Neighbor AS:      65000
 *       Last error:         Socket: Connection closed
 *       Channel ipv4
 *         Routes:         3 imported, 0 filtered, 1 exported, 3 preferred
 */

#include "agent/bgp/status.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define CODE_TABLE  1002
#define CODE_DETAIL 1006

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Cuts the next word off; "" at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t n = strcspn(word, " \t");

	*rest = word + n;
	if (**rest) {
		**rest = '\0';
		(*rest)++;
	}
	return word;
}

/* "2026-11-24 10:00:00" is two words, "10:00:00.000" and "2026-11-24" are one. */
static char *read_since(char **rest)
{
	BL_FREE char *date = bl_strdup(next_word(rest));
	const char *next = skip_blanks(*rest);
	bool has_time = strchr(date, '-') && next[0] >= '0' && next[0] <= '9' && strchr(next, ':');

	return bl_asprintf("%s%s%s", date, has_time ? " " : "", has_time ? next_word(rest) : "");
}

/* A session of its table line, NULL for another protocol's. */
static json_t *read_table_line(const char *line)
{
	BL_FREE char *copy = bl_strdup(line);
	BL_FREE char *since = NULL;
	char *rest = copy;
	const char *name = next_word(&rest), *proto = next_word(&rest);
	const char *state;

	(void)next_word(&rest);
	state = next_word(&rest);
	if (!bl_streq(proto, "BGP"))
		return NULL;
	since = read_since(&rest);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i}", "name", name, "peer", "",
			 "asn", 0, "state", state, "since", since, "info", "", "imported", 0,
			 "exported", 0);
}

static void set_string(json_t *session, const char *field, const char *value)
{
	json_t *j = json_string(value);

	if (j)
		json_object_set_new(session, field, j);
}

/* "3 imported, 0 filtered, 1 exported, 3 preferred", summed over channels. */
static void add_routes(json_t *session, const char *value)
{
	static const char *const fields[] = {"imported", "exported"};
	char word[16];
	long long n;
	int used;

	while (sscanf(value, "%lld %15[a-z]%n", &n, word, &used) == 2) {
		for (size_t i = 0; i < BL_ARRAY_SIZE(fields); i++)
			if (bl_streq(word, fields[i]))
				json_object_set_new(session, word,
						    json_integer(json_integer_value(json_object_get(
									 session, word)) +
								 n));
		value += used + strspn(value + used, ", ");
	}
}

static void read_detail(json_t *session, const char *line)
{
	const char *key = skip_blanks(line), *colon = strchr(key, ':'), *value;
	size_t n = colon ? (size_t)(colon - key) : 0;
	int64_t asn;

	if (!n)
		return;
	value = skip_blanks(colon + 1);
	if (n == 9 && !strncmp(key, "BGP state", n))
		set_string(session, "state", value);
	else if (n == 16 && !strncmp(key, "Neighbor address", n))
		set_string(session, "peer", value);
	else if (n == 10 && !strncmp(key, "Last error", n))
		set_string(session, "info", value);
	else if (n == 11 && !strncmp(key, "Neighbor AS", n) &&
		 !bl_str_to_int(value, 0, UINT32_MAX, &asn))
		json_object_set_new(session, "asn", json_integer(asn));
	else if (n == 6 && !strncmp(key, "Routes", n))
		add_routes(session, value);
}

json_t *bl_bgp_parse_sessions(const char *lines)
{
	json_t *sessions = json_array();
	json_t *session = NULL;
	BL_FREE char *copy = bl_strdup(lines);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		int code, used;

		if (sscanf(line, "%4d%n", &code, &used) != 1 || line[used] != ' ')
			continue;
		line += used + 1;
		if (code == CODE_TABLE) {
			session = read_table_line(line);
			if (session)
				json_array_append_new(sessions, session);
		} else if (code == CODE_DETAIL && session) {
			read_detail(session, line);
		}
	}
	return sessions;
}
