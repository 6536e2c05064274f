// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Authentication.
 *
 * Two ways in. A client certificate signed by the folder's CA: CN is the user, each O a group; the TLS library asks for
 * one without insisting, and it is checked at the first request of a connection. A bearer token from D/tokens.csv, in
 * kube-apiserver's --token-auth-file form: token,user,uid,"group1,group2". The file is made at the first start with a
 * random token for the administrator and one for the agent, and read again when its time or size changes, looked at once a
 * second at most.
 *
 * A token is looked up by its SHA-256, so that neither the time of the comparison nor a dump of memory gives tokens away
 * byte by byte. A file that cannot be read after a change is reported, and the tokens read before stay in force.
 */
#include "apiserver/auth.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define TOKENS_MAX (1 << 20)
#define HASH_SIZE  32

struct token {
	unsigned char hash[HASH_SIZE];
	struct bl_identity *id;
};

struct bl_auth {
	char *path;
	struct token *tokens;
	size_t count;
	struct timespec mtime;
	off_t size;
	uint64_t looked_ns;
};

struct bl_identity *bl_identity_free(struct bl_identity *id)
{
	if (!id)
		return NULL;
	free(id->user);
	free(id->uid);
	for (char **g = id->groups; g && *g; g++)
		free(*g);
	free(id->groups);
	free(id);
	return NULL;
}

static void add_group(struct bl_identity *id, const char *text, size_t len)
{
	size_t n = 0;

	while (id->groups && id->groups[n])
		n++;
	id->groups = bl_realloc(id->groups, n + 2, sizeof(*id->groups));
	id->groups[n] = bl_strndup(text, len);
	id->groups[n + 1] = NULL;
}

static void free_tokens(struct token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bl_identity_free(tokens[i].id);
	free(tokens);
}

/* The next field of a CSV line, quotes taken off; NULL at the end. */
static char *next_field(char **line)
{
	char *s = *line, *end;

	if (!s)
		return NULL;
	if (*s == '"') {
		end = strchr(++s, '"');
		if (!end)
			return NULL;
		*end++ = 0;
		*line = *end == ',' ? end + 1 : NULL;
		return s;
	}
	end = strchr(s, ',');
	*line = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	return s;
}

static void hash_token(const char *token, unsigned char hash[HASH_SIZE])
{
	gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), hash);
}

static int parse_line(char *line, struct token *ret, struct bl_err *err)
{
	char *token = next_field(&line), *user = next_field(&line), *uid = next_field(&line);
	char *groups = next_field(&line);

	if (!token || !*token || !user || !*user || !uid)
		return bl_err_set(err, -EINVAL, "not token,user,uid[,groups]");
	hash_token(token, ret->hash);
	ret->id = bl_new0(struct bl_identity);
	ret->id->user = bl_strdup(user);
	ret->id->uid = bl_strdup(uid);
	while (groups && *groups) {
		size_t n = strcspn(groups, ",");

		add_group(ret->id, groups, n);
		groups += n + (groups[n] == ',');
	}
	return 0;
}

static int parse_tokens(char *text, struct token **ret_tokens, size_t *ret_count,
			struct bl_err *err)
{
	struct token *tokens = NULL;
	size_t count = 0, number = 0;
	char *save, *line;
	int ret = 0;

	for (line = strtok_r(text, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save)) {
		number++;
		if (!*line || *line == '#')
			continue;
		tokens = bl_realloc(tokens, count + 1, sizeof(*tokens));
		ret = parse_line(line, &tokens[count], err);
		count += !ret;
	}
	if (ret) {
		free_tokens(tokens, count);
		return err ? bl_err_wrap(err, "line %zu", number) : ret;
	}
	*ret_tokens = tokens;
	*ret_count = count;
	return 0;
}

static int load(struct bl_auth *a, struct bl_err *err)
{
	BL_BUF struct bl_buf b = {};
	struct token *tokens = NULL;
	size_t count = 0;
	struct stat st;
	int ret;

	if (stat(a->path, &st))
		return bl_err_set(err, -errno, "%s: %s", a->path, strerror(errno));
	a->mtime = st.st_mtim;
	a->size = st.st_size;
	ret = bl_file_read(a->path, TOKENS_MAX, &b, err);
	if (!ret && b.data)
		ret = parse_tokens(b.data, &tokens, &count, err);
	else if (!ret)
		return bl_err_set(err, -EINVAL, "%s is empty", a->path);
	if (ret)
		return err ? bl_err_wrap(err, "%s", a->path) : ret;
	free_tokens(a->tokens, a->count);
	a->tokens = tokens;
	a->count = count;
	return 0;
}

static void reload_when_changed(struct bl_auth *a)
{
	uint64_t now = bl_time_mono_ns();
	struct bl_err err = {};
	struct stat st;

	if (now - a->looked_ns < BL_NSEC_PER_SEC)
		return;
	a->looked_ns = now;
	if (stat(a->path, &st) || (st.st_size == a->size && st.st_mtim.tv_sec == a->mtime.tv_sec &&
				   st.st_mtim.tv_nsec == a->mtime.tv_nsec))
		return;
	if (load(a, &err))
		bl_log_warn("tokens not read again, the old ones stay error=%s", bl_err_text(&err));
	else
		bl_log_info("tokens read count=%zu", a->count);
}

static void random_token(char text[65])
{
	unsigned char raw[32];

	gnutls_rnd(GNUTLS_RND_KEY, raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(text + 2 * i, 3, "%02x", raw[i]);
}

static int make_file(struct bl_auth *a, struct bl_err *err)
{
	char admin[65], agent[65];
	BL_FREE char *text = NULL;

	random_token(admin);
	random_token(agent);
	text = bl_asprintf("%s,admin,admin,\"system:masters\"\n"
			   "%s,system:serviceaccount:kube-system:beeline,beeline,"
			   "\"system:serviceaccounts,system:serviceaccounts:kube-system\"\n",
			   admin, agent);
	return bl_file_write(a->path, text, strlen(text), 0600, err);
}

int bl_auth_new(const char *data_dir, struct bl_auth **ret_auth, struct bl_err *err)
{
	struct bl_auth *a = bl_new0(struct bl_auth);
	int ret = 0;

	a->path = bl_asprintf("%s/tokens.csv", data_dir);
	if (access(a->path, F_OK))
		ret = make_file(a, err);
	if (!ret)
		ret = load(a, err);
	if (ret) {
		bl_auth_free(a);
		return ret;
	}
	*ret_auth = a;
	return 0;
}

struct bl_auth *bl_auth_free(struct bl_auth *a)
{
	if (!a)
		return NULL;
	free_tokens(a->tokens, a->count);
	free(a->path);
	free(a);
	return NULL;
}

const struct bl_identity *bl_auth_token(struct bl_auth *a, const char *header)
{
	static const char scheme[] = "Bearer ";
	unsigned char hash[HASH_SIZE];

	if (strncasecmp(header, scheme, strlen(scheme)) != 0)
		return NULL;
	reload_when_changed(a);
	header += strlen(scheme);
	while (*header == ' ')
		header++;
	hash_token(header, hash);
	for (size_t i = 0; i < a->count; i++) {
		if (gnutls_memcmp(a->tokens[i].hash, hash, HASH_SIZE) == 0)
			return a->tokens[i].id;
	}
	return NULL;
}

static char *dn_part(gnutls_x509_crt_t crt, const char *oid, unsigned int index)
{
	char text[256];
	size_t len = sizeof(text);

	if (gnutls_x509_crt_get_dn_by_oid(crt, oid, index, 0, text, &len) < 0)
		return NULL;
	return bl_strndup(text, len);
}

static struct bl_identity *read_identity(gnutls_x509_crt_t crt)
{
	struct bl_identity *id = bl_new0(struct bl_identity);
	char *group;

	id->user = dn_part(crt, GNUTLS_OID_X520_COMMON_NAME, 0);
	if (!id->user)
		return bl_identity_free(id);
	for (unsigned int i = 0; (group = dn_part(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, i));
	     i++) {
		add_group(id, group, strlen(group));
		free(group);
	}
	return id;
}

struct bl_identity *bl_auth_certificate(gnutls_session_t session)
{
	unsigned int count = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	struct bl_identity *id = NULL;
	gnutls_x509_crt_t crt;

	if (!chain || !count || gnutls_certificate_verify_peers2(session, &status) < 0 || status)
		return NULL;
	if (gnutls_x509_crt_init(&crt) < 0)
		return NULL;
	if (gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		id = read_identity(crt);
	gnutls_x509_crt_deinit(crt);
	return id;
}
