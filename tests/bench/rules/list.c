// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The Services that rules are written for, read from a text.
 *
 * Who wants rules says which Services there are: a bench by its scheme of addresses, the test by what was recorded. So the scheme is
 * told once, where the other candidates of a bench take it from too.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "rules.h"

#define MAX_SERVICES 200000
#define MAX_LINE     4096

static int bad(struct bl_err *err, const char *field, const char *text, const char *why)
{
	return bl_err_set(err, -EINVAL, "%s '%s': %s", field, text ? text : "", why);
}

static int read_ip(const char *field, const char *text, int family, struct bl_ip *ret_ip,
		   struct bl_err *err)
{
	if (bl_ip_parse(text, ret_ip) || ret_ip->family != family)
		return bad(err, field, text,
			   family == 6 ? "not an IPv6 address" : "not an IPv4 address");
	return 0;
}

/* "1.2.3.4:80" or "[::1]:80"; takes `text` apart. */
static int read_place(const char *field, char *text, int family, struct bl_ip *ret_ip,
		      uint16_t *ret_port, struct bl_err *err)
{
	char *colon = text ? strrchr(text, ':') : NULL, *end = colon;

	if (!colon || bl_str_to_port(colon + 1, ret_port))
		return bad(err, field, text, "not ADDRESS:PORT");
	*colon = '\0';
	if (*text == '[' && end[-1] == ']') {
		end[-1] = '\0';
		text++;
	}
	return read_ip(field, text, family, ret_ip, err);
}

static int read_endpoint(const char *field, char *text, int family, struct rules_endpoint *ret,
			 struct bl_err *err)
{
	size_t len = strlen(text);

	ret->local = len && text[len - 1] == '*';
	if (ret->local)
		text[len - 1] = '\0';
	return read_place(field, text, family, &ret->ip, &ret->port, err);
}

static int read_endpoints(char *text, int family, struct rules_service *s, struct bl_err *err)
{
	char *save = NULL;

	if (!text)
		return bad(err, "endpoints", text, "missing");
	if (bl_streq(text, "-"))
		return 0;
	for (char *ep = strtok_r(text, ",", &save); ep; ep = strtok_r(NULL, ",", &save)) {
		if (s->n_endpoints == RULES_ENDPOINTS)
			return bad(err, "endpoints", ep, "too many");
		if (read_endpoint("endpoint", ep, family, &s->endpoints[s->n_endpoints++], err))
			return err->code;
	}
	return 0;
}

static int read_word(char *word, int family, struct rules_service *s, struct bl_err *err)
{
	char *value = strchr(word, '=');

	if (bl_streq(word, "affinity")) {
		s->affinity = true;
		return 0;
	}
	if (bl_streq(word, "local")) {
		s->external_local = true;
		return 0;
	}
	if (!value)
		return bad(err, "word", word, "unknown");
	*value++ = '\0';
	if (bl_streq(word, "nodeport"))
		return bl_str_to_port(value, &s->node_port) ? bad(err, word, value, "no port") : 0;
	if (bl_streq(word, "health"))
		return bl_str_to_port(value, &s->health_port) ? bad(err, word, value, "no port")
							      : 0;
	if (bl_streq(word, "lb"))
		return read_ip(word, value, family, &s->lb_ip, err);
	if (bl_streq(word, "gone"))
		return read_endpoint(word, value, family, &s->gone, err);
	if (bl_streq(word, "come"))
		return read_endpoint(word, value, family, &s->come, err);
	if (bl_streq(word, "source")) {
		struct bl_cidr c;

		free(s->lb_source);
		s->lb_source = bl_strdup(value);
		return bl_cidr_parse(value, false, &c) ? bad(err, word, value, "no prefix") : 0;
	}
	return bad(err, "word", word, "unknown");
}

static int read_name(const char *text, struct rules_service *s, struct bl_err *err)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	const char *colon = slash ? strchr(slash, ':') : NULL;

	if (!colon)
		return bad(err, "name", text, "not NAMESPACE/NAME:PORTNAME");
	s->ns = bl_strndup(text, (size_t)(slash - text));
	s->name = bl_strndup(slash + 1, (size_t)(colon - slash - 1));
	s->port_name = bl_strdup(colon + 1);
	if (!bl_str_is_dns_label(s->ns) || !bl_str_is_dns_label(s->name) ||
	    !bl_str_is_dns_label(s->port_name))
		return bad(err, "name", text, "not made of RFC 1123 labels");
	return 0;
}

static int read_service(char *line, int family, struct rules_service *s, struct bl_err *err)
{
	char *save = NULL, *word = strtok_r(line, " ", &save);

	if (read_name(word, s, err))
		return err->code;
	word = strtok_r(NULL, " ", &save);
	if (!word || (!bl_streq(word, "tcp") && !bl_streq(word, "udp")))
		return bad(err, "protocol", word, "neither tcp nor udp");
	s->proto = bl_streq(word, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	if (read_place("address", strtok_r(NULL, " ", &save), family, &s->cluster_ip, &s->port,
		       err) ||
	    read_endpoints(strtok_r(NULL, " ", &save), family, s, err))
		return err->code;
	while ((word = strtok_r(NULL, " ", &save)))
		if (read_word(word, family, s, err))
			return err->code;
	if (!s->gone.ip.family != !s->come.ip.family)
		return bad(err, "word", s->gone.ip.family ? "gone" : "come", "without the other");
	return 0;
}

int rules_read_services(FILE *in, struct rules_set *set, struct bl_err *err)
{
	unsigned int room = 0, n = 0;
	char line[MAX_LINE];

	set->services = NULL;
	set->n_services = 0;
	while (fgets(line, sizeof(line), in)) {
		size_t len = strcspn(line, "\n");

		n++;
		if (line[len] != '\n' && !feof(in)) {
			bl_err_set(err, -EINVAL, "line %u: longer than %d bytes", n, MAX_LINE - 2);
			goto fail;
		}
		line[len] = '\0';
		if (!len || *line == '#')
			continue;
		if (set->n_services == MAX_SERVICES) {
			bl_err_set(err, -EINVAL, "line %u: more than %d ports", n, MAX_SERVICES);
			goto fail;
		}
		if (set->n_services == room) {
			room = room ? 2 * room : 16;
			set->services =
				bl_realloc(set->services, room, sizeof(struct rules_service));
		}
		memset(&set->services[set->n_services], 0, sizeof(struct rules_service));
		if (read_service(line, set->family, &set->services[set->n_services++], err)) {
			bl_err_wrap(err, "line %u", n);
			goto fail;
		}
	}
	if (!ferror(in))
		return 0;
	bl_err_set(err, -EIO, "cannot read");
fail:
	rules_free_services(set);
	return err->code;
}

void rules_free_services(struct rules_set *set)
{
	for (unsigned int i = 0; i < set->n_services; i++) {
		free(set->services[i].ns);
		free(set->services[i].name);
		free(set->services[i].port_name);
		free(set->services[i].lb_source);
	}
	free(set->services);
	set->services = NULL;
	set->n_services = 0;
}
