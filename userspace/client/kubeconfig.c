// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Where the API server is and who to be there.
 *
 * Only the current context counts. Everything it names (authority, certificate, key, token) is read into memory at
 * once, from data in the file or from files beside it, and each file is remembered as it was: certificates rotate
 * and tokens expire within the hour, so the client asks before it opens a connection whether anything changed and loads the
 * whole configuration again. A half-written state is an error, and the client stays with what it had.
 *
 * Ways to authenticate that need a program (exec, auth-provider) or that servers no longer know (basic
 * authentication) are named as unsupported: a node agent starts no helpers. insecure-skip-tls-verify is obeyed because it
 * is written there, but not beside an authority, which would be ignored without a word.
 *
 * Secrets are wiped when freed and appear in no error.
 */

#include "client/kubeconfig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/base64.h"

#define MAX_CONFIG (1024 * 1024)
#define MAX_PEM	   (256 * 1024)
#define MAX_TOKEN  (64 * 1024)
#define ACCOUNT	   "/var/run/secrets/kubernetes.io/serviceaccount"

static void wipe_buf(struct bl_buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	bl_buf_free(b);
}

struct bl_kubeconfig *bl_kubeconfig_free(struct bl_kubeconfig *k)
{
	if (!k)
		return NULL;
	if (k->token)
		explicit_bzero(k->token, strlen(k->token));
	free(k->server);
	free(k->server_name);
	free(k->proxy);
	free(k->token);
	wipe_buf(&k->ca);
	wipe_buf(&k->cert);
	wipe_buf(&k->key);
	for (size_t i = 0; i < k->n_files; i++)
		free(k->files[i].path);
	free(k);
	return NULL;
}

bool bl_kubeconfig_changed(const struct bl_kubeconfig *k)
{
	for (size_t i = 0; i < k->n_files; i++) {
		const struct stat *old = &k->files[i].stat;
		struct stat now;

		if (stat(k->files[i].path, &now))
			return true;
		if (now.st_ino != old->st_ino || now.st_dev != old->st_dev ||
		    now.st_size != old->st_size || now.st_mtim.tv_sec != old->st_mtim.tv_sec ||
		    now.st_mtim.tv_nsec != old->st_mtim.tv_nsec)
			return true;
	}
	return false;
}

/* Remembers the file as it is before it is read: a change in between is seen later. */
static int watch_file(struct bl_kubeconfig *k, const char *path, struct bl_err *err)
{
	struct bl_kubeconfig_file *f = &k->files[k->n_files];

	if (stat(path, &f->stat))
		return bl_err_set(err, -errno, "%s: %s", path, strerror(errno));
	f->path = bl_strdup(path);
	k->n_files++;
	return 0;
}

static int read_watched(struct bl_kubeconfig *k, const char *path, size_t max, struct bl_buf *buf,
			struct bl_err *err)
{
	int rc = watch_file(k, path, err);

	return rc ? rc : bl_file_read(path, max, buf, err);
}

/* Relative names are relative to the kubeconfig's folder. */
static char *resolve(const char *config, const char *path)
{
	const char *slash = strrchr(config, '/');

	if (*path == '/' || !slash)
		return bl_strdup(path);
	return bl_asprintf("%.*s/%s", (int)(slash - config), config, path);
}

/* PEM from `key`-data, base64, or from the file named by `key`; neither: buf stays empty. */
static int load_pem(struct bl_kubeconfig *k, const char *config, const json_t *obj, const char *key,
		    struct bl_buf *buf, struct bl_err *err)
{
	BL_FREE char *data_key = bl_asprintf("%s-data", key);
	const char *data = "", *path = "";
	int rc = bl_json_get_str(obj, data_key, &data, err);

	if (!rc)
		rc = bl_json_get_str(obj, key, &path, err);
	if (!rc && *data) {
		if (bl_base64_decode(data, MAX_PEM, buf))
			rc = bl_err_set(err, -EINVAL, "%s: not base64", data_key);
	} else if (!rc && *path) {
		BL_FREE char *full = resolve(config, path);

		rc = read_watched(k, full, MAX_PEM, buf, err);
		if (rc)
			return bl_err_wrap(err, "%s", key);
	}
	if (!rc && buf->len && !strstr(buf->data, "-----BEGIN "))
		rc = bl_err_set(err, -EINVAL, "%s: holds no PEM", *data ? data_key : key);
	return rc;
}

/* Takes the text of a token, without the newline that files end in. */
static int set_token(struct bl_kubeconfig *k, const char *key, const char *s, struct bl_err *err)
{
	size_t n = strcspn(s, "\r\n");

	if (!n || s[n + strspn(s + n, "\r\n")])
		return bl_err_set(err, -EINVAL, "%s: must be one line", key);
	for (size_t i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] > '~')
			return bl_err_set(err, -EINVAL, "%s: holds a character that no token has",
					  key);
	}
	k->token = bl_strndup(s, n);
	return 0;
}

static int load_token_file(struct bl_kubeconfig *k, const char *path, struct bl_err *err)
{
	struct bl_buf b = {};
	int rc = read_watched(k, path, MAX_TOKEN, &b, err);

	if (!rc)
		rc = set_token(k, path, b.data, err);
	wipe_buf(&b);
	return rc;
}

static int load_user(struct bl_kubeconfig *k, const char *config, const json_t *user,
		     struct bl_err *err)
{
	static const char *const unsupported[] = {"exec", "auth-provider", "username", "password",
						  "as"};
	const char *token = "", *file = "";
	int rc = load_pem(k, config, user, "client-certificate", &k->cert, err);

	for (size_t i = 0; i < BL_ARRAY_SIZE(unsupported); i++) {
		if (json_object_get(user, unsupported[i]))
			return bl_err_set(err, -ENOTSUP,
					  "%s: not supported; use a client certificate, token or "
					  "tokenFile",
					  unsupported[i]);
	}
	if (!rc)
		rc = load_pem(k, config, user, "client-key", &k->key, err);
	if (!rc && !k->cert.len != !k->key.len)
		rc = bl_err_set(err, -EINVAL, "client-certificate and client-key need each other");
	if (!rc)
		rc = bl_json_get_str(user, "tokenFile", &file, err);
	if (!rc)
		rc = bl_json_get_str(user, "token", &token, err);
	if (!rc && *file) {
		BL_FREE char *full = resolve(config, file);

		rc = load_token_file(k, full, err);
		return rc ? bl_err_wrap(err, "tokenFile") : 0;
	}
	return rc || !*token ? rc : set_token(k, "token", token, err);
}

static int set_server(struct bl_kubeconfig *k, const char *server, struct bl_err *err)
{
	size_t n = strlen(server);

	if (!bl_str_starts(server, "https://") && !bl_str_starts(server, "http://"))
		return bl_err_set(err, -EINVAL, "server: '%.100s' is not an http or https URL",
				  server);
	if (strpbrk(server, " \t\r\n?#@"))
		return bl_err_set(err, -EINVAL, "server: '%.100s' has characters that do not fit",
				  server);
	while (n && server[n - 1] == '/')
		n--;
	k->server = bl_strndup(server, n);
	return 0;
}

static int load_cluster(struct bl_kubeconfig *k, const char *config, const json_t *cluster,
			struct bl_err *err)
{
	const char *server = "", *name = "", *proxy = "";
	int rc = bl_json_get_str(cluster, "server", &server, err);

	if (!rc)
		rc = bl_json_get_str(cluster, "tls-server-name", &name, err);
	if (!rc)
		rc = bl_json_get_str(cluster, "proxy-url", &proxy, err);
	if (!rc)
		rc = bl_json_get_bool(cluster, "insecure-skip-tls-verify", &k->insecure, err);
	if (!rc)
		rc = set_server(k, server, err);
	if (!rc)
		rc = load_pem(k, config, cluster, "certificate-authority", &k->ca, err);
	if (!rc && k->insecure && k->ca.len)
		rc = bl_err_set(err, -EINVAL,
				"insecure-skip-tls-verify: stands beside a certificate-authority");
	if (rc)
		return rc;
	k->server_name = *name ? bl_strdup(name) : NULL;
	k->proxy = *proxy ? bl_strdup(proxy) : NULL;
	return 0;
}

/* The entry of a list of {"name": ..., "<inner>": {...}}; the error names list and entry. */
static int find_named(const json_t *root, const char *list, const char *inner, const char *name,
		      const json_t **ret, struct bl_err *err)
{
	const json_t *entries = NULL, *entry;
	size_t i;
	int rc = bl_json_get_arr(root, list, &entries, err);

	if (rc)
		return rc;
	json_array_foreach (entries, i, entry) {
		const char *s = bl_json_str_at(entry, "name", NULL);

		if (!s || !bl_streq(s, name))
			continue;
		*ret = json_object_get(entry, inner);
		if (json_is_object(*ret))
			return 0;
		return bl_err_set(err, -EINVAL, "%s[%s].%s: must be an object", list, name, inner);
	}
	return bl_err_set(err, -ENOENT, "%s: there is no '%.100s'", list, name);
}

static int load_context(struct bl_kubeconfig *k, const char *config, const json_t *root,
			struct bl_err *err)
{
	const json_t *context, *cluster, *user;
	const char *current = "", *cluster_name = "", *user_name = "";
	int rc = bl_json_get_str(root, "current-context", &current, err);

	if (!rc && !*current)
		rc = bl_err_set(err, -EINVAL, "current-context: is missing");
	if (!rc)
		rc = find_named(root, "contexts", "context", current, &context, err);
	if (!rc)
		rc = bl_json_get_str(context, "cluster", &cluster_name, err);
	if (!rc)
		rc = bl_json_get_str(context, "user", &user_name, err);
	if (!rc)
		rc = find_named(root, "clusters", "cluster", cluster_name, &cluster, err);
	if (rc)
		return rc;
	rc = load_cluster(k, config, cluster, err);
	if (rc)
		return bl_err_wrap(err, "clusters[%s].cluster", cluster_name);
	if (!*user_name)
		return 0;
	rc = find_named(root, "users", "user", user_name, &user, err);
	if (rc)
		return rc;
	rc = load_user(k, config, user, err);
	return rc ? bl_err_wrap(err, "users[%s].user", user_name) : 0;
}

static int load_file(struct bl_kubeconfig *k, const char *path, struct bl_err *err)
{
	BL_JSON json_t *root = NULL;
	int rc = watch_file(k, path, err);

	if (!rc)
		rc = bl_json_load_file(path, MAX_CONFIG, &root, err);
	if (rc)
		return rc;
	rc = load_context(k, path, root, err);
	return rc ? bl_err_wrap(err, "%s", path) : 0;
}

static int load_in_cluster(struct bl_kubeconfig *k, struct bl_err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	uint16_t number;
	int rc;

	if (!host || !*host || !port || bl_str_to_port(port, &number))
		return bl_err_set(err, -ENOENT,
				  "no kubeconfig given, and KUBERNETES_SERVICE_HOST and "
				  "KUBERNETES_SERVICE_PORT are not set: not in a cluster");
	k->server = strchr(host, ':') ? bl_asprintf("https://[%s]:%u", host, number)
				      : bl_asprintf("https://%s:%u", host, number);
	rc = read_watched(k, ACCOUNT "/ca.crt", MAX_PEM, &k->ca, err);
	return rc ? rc : load_token_file(k, ACCOUNT "/token", err);
}

int bl_kubeconfig_load(const char *path, struct bl_kubeconfig **ret_config, struct bl_err *err)
{
	BL_KUBECONFIG struct bl_kubeconfig *k = bl_new0(struct bl_kubeconfig);
	int rc = path ? load_file(k, path, err) : load_in_cluster(k, err);

	if (!rc)
		*ret_config = bl_take_ptr(k);
	return rc;
}
