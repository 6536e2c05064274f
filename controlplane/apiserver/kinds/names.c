/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The grammars of names.
 *
 * Every text in the API that names something follows one of a dozen grammars, written down as
 * regular expressions in k8s.io/apimachinery/pkg/util/validation and
 * k8s.io/apimachinery/pkg/api/validate/content. They are read here by hand, one pass each, because
 * validation runs for every label of every write.
 *
 * A text may break more than one rule at once (too long and of wrong characters), and the real
 * server gives a cause for each; so a grammar returns the list of its broken rules, in the order
 * in which the real server reports them. Texts are static and shortened: clients compare reason
 * and field, people read the words.
 *
 * All of them are ASCII grammars: a byte above 127 is never allowed.
 */
#include "apiserver/kinds/names.h"

#include <string.h>

#include "base/str.h"

#define LABEL_RULE                                                                               \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " \
	"and must start and end with an alphanumeric character"
#define SUBDOMAIN_RULE                                                            \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric " \
	"characters, '-' or '.', and must start and end with an alphanumeric character"
#define DNS1035_RULE                                                                   \
	"a DNS-1035 label must consist of lower case alphanumeric characters or '-', " \
	"start with an alphabetic character, and end with an alphanumeric character"
#define NAME_PART_RULE                                                         \
	"name part must consist of alphanumeric characters, '-', '_' or '.', " \
	"and must start and end with an alphanumeric character"

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_alpha(c) || is_digit(c);
}

static bool is_lower_alnum(char c)
{
	return is_lower(c) || is_digit(c);
}

static void broken(struct bl_rules *r, const char *text)
{
	if (r->count < sizeof(r->text) / sizeof(r->text[0]))
		r->text[r->count++] = text;
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? over s[0..n) */
static bool label_shape(const char *s, size_t n)
{
	if (n == 0 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_lower_alnum(s[i]) && s[i] != '-')
			return false;
	}
	return true;
}

static bool subdomain_shape(const char *s)
{
	for (;;) {
		size_t n = strcspn(s, ".");

		if (!label_shape(s, n))
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool qualified_shape(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	}
	return true;
}

struct bl_rules bl_rule_dns_label(const char *s)
{
	struct bl_rules r = {};

	if (strlen(s) > 63)
		broken(&r, "must be no more than 63 bytes");
	if (!label_shape(s, strlen(s)))
		broken(&r, LABEL_RULE);
	return r;
}

struct bl_rules bl_rule_dns_subdomain(const char *s)
{
	struct bl_rules r = {};

	if (strlen(s) > 253)
		broken(&r, "must be no more than 253 bytes");
	if (!subdomain_shape(s))
		broken(&r, SUBDOMAIN_RULE);
	return r;
}

struct bl_rules bl_rule_dns1035_label(const char *s)
{
	struct bl_rules r = {};

	if (strlen(s) > 63)
		broken(&r, "must be no more than 63 bytes");
	if (!label_shape(s, strlen(s)) || !is_lower(s[0]))
		broken(&r, DNS1035_RULE);
	return r;
}

struct bl_rules bl_rule_fqdn(const char *s)
{
	struct bl_rules r = {};
	char name[256];
	size_t n = strlen(s);

	if (n == 0) {
		broken(&r, "must not be empty");
		return r;
	}
	if (s[n - 1] == '.')
		n--;
	if (n > 253) {
		broken(&r, "must be no more than 253 bytes");
		return r;
	}
	memcpy(name, s, n);
	name[n] = '\0';
	if (!subdomain_shape(name))
		broken(&r, SUBDOMAIN_RULE);
	else if (!strchr(name, '.'))
		broken(&r, "should be a domain with at least two segments separated by dots");
	return r;
}

/* The part in front of '/': a DNS subdomain. */
static void check_prefix(struct bl_rules *r, const char *s, size_t n)
{
	char prefix[256];

	if (n == 0) {
		broken(r, "prefix part must be non-empty");
		return;
	}
	if (n > 253)
		broken(r, "prefix part must be no more than 253 bytes");
	if (n >= sizeof(prefix))
		n = sizeof(prefix) - 1;
	memcpy(prefix, s, n);
	prefix[n] = '\0';
	if (!subdomain_shape(prefix))
		broken(r, "prefix part " SUBDOMAIN_RULE);
}

struct bl_rules bl_rule_qualified_name(const char *s)
{
	struct bl_rules r = {};
	const char *slash = strchr(s, '/');

	if (slash && strchr(slash + 1, '/')) {
		broken(&r, "a qualified name must consist of alphanumeric characters, '-', '_' or "
			   "'.', with an optional DNS subdomain prefix and '/'");
		return r;
	}
	if (slash) {
		check_prefix(&r, s, (size_t)(slash - s));
		s = slash + 1;
	}
	if (*s == '\0')
		broken(&r, "name part must be non-empty");
	else if (strlen(s) > 63)
		broken(&r, "name part must be no more than 63 bytes");
	if (!qualified_shape(s))
		broken(&r, NAME_PART_RULE);
	return r;
}

struct bl_rules bl_rule_label_value(const char *s)
{
	struct bl_rules r = {};

	if (strlen(s) > 63)
		broken(&r, "must be no more than 63 bytes");
	if (*s && !qualified_shape(s))
		broken(&r, "a valid label must be an empty string or consist of alphanumeric "
			   "characters, '-', '_' or '.', and must start and end with an "
			   "alphanumeric character");
	return r;
}

/* Case does not matter, and only the prefix of a qualified name is of one case. */
struct bl_rules bl_rule_annotation_key(const char *s)
{
	char lower[512];
	size_t n = strlen(s);

	if (n >= sizeof(lower))
		return bl_rule_qualified_name(s);
	for (size_t i = 0; i <= n; i++)
		lower[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
	return bl_rule_qualified_name(lower);
}

struct bl_rules bl_rule_port_name(const char *s)
{
	struct bl_rules r = {};
	size_t n = strlen(s);
	bool letter = false;
	bool shape = true;

	for (size_t i = 0; i < n; i++) {
		letter |= is_lower(s[i]);
		shape &= is_lower_alnum(s[i]) || s[i] == '-';
	}
	if (n > 15)
		broken(&r, "must be no more than 15 bytes");
	if (!shape || n == 0)
		broken(&r, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens "
			   "(-)");
	if (!letter)
		broken(&r, "must contain at least one letter (a-z)");
	if (strstr(s, "--"))
		broken(&r, "must not contain consecutive hyphens");
	if (n > 0 && (s[0] == '-' || s[n - 1] == '-'))
		broken(&r, "must not begin or end with a hyphen");
	return r;
}

struct bl_rules bl_rule_config_key(const char *s)
{
	struct bl_rules r = {};
	bool shape = *s != '\0';

	for (const char *p = s; *p; p++)
		shape &= is_alnum(*p) || strchr("-_.", *p);
	if (strlen(s) > 253)
		broken(&r, "must be no more than 253 bytes");
	if (!shape)
		broken(&r, "a valid config key must consist of alphanumeric characters, '-', '_' "
			   "or '.'");
	if (bl_streq(s, "."))
		broken(&r, "must not be '.'");
	else if (bl_streq(s, ".."))
		broken(&r, "must not be '..'");
	else if (bl_str_starts(s, ".."))
		broken(&r, "must not start with '..'");
	return r;
}

struct bl_rules bl_rule_env_name(const char *s)
{
	struct bl_rules r = {};
	bool shape = *s != '\0';

	for (const char *p = s; *p; p++)
		shape &= *p >= ' ' && *p <= '~' && *p != '=';
	if (!shape)
		broken(&r, "a valid environment variable name must consist only of printable "
			   "ASCII characters other than '='");
	return r;
}

struct bl_rules bl_rule_http_header(const char *s)
{
	struct bl_rules r = {};
	bool shape = *s != '\0';

	for (const char *p = s; *p; p++)
		shape &= is_alnum(*p) || *p == '-';
	if (!shape)
		broken(&r, "a valid HTTP header must consist of alphanumeric characters or '-'");
	return r;
}

struct bl_rules bl_rule_path_segment(const char *s)
{
	struct bl_rules r = {};

	if (bl_streq(s, ".") || bl_streq(s, "..")) {
		broken(&r, "may not be '.' or '..'");
		return r;
	}
	if (strchr(s, '/'))
		broken(&r, "may not contain '/'");
	if (strchr(s, '%'))
		broken(&r, "may not contain '%'");
	return r;
}

struct bl_rules bl_rule_domain_path(const char *s)
{
	struct bl_rules r = {};
	const char *slash = strchr(s, '/');

	if (!slash || slash == s || slash[1] == '\0') {
		broken(&r, "must be a domain-prefixed path (such as \"acme.io/foo\")");
		return r;
	}
	check_prefix(&r, s, (size_t)(slash - s));
	for (const char *p = slash + 1; *p; p++) {
		if (!is_alnum(*p) && !strchr("/-._~!$&'()*+,;=:", *p)) {
			broken(&r, "invalid path");
			break;
		}
	}
	return r;
}
