// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: One request.
 *
 * Sets up libcurl for a Kubernetes API server. HTTP/2 where the server offers it, so that watches share a
 * connection, else HTTP/1.1 with connections kept. TLS 1.2 at least; the chain is verified against the kubeconfig's
 * authority alone (not also the system's), and the name in it against the server's host or tls-server-name. Redirects
 * are not followed, other protocols are off, and a proxy is used only if the kubeconfig names one: an environment
 * variable must not send a node's credentials elsewhere.
 *
 * A dead connection is found by the kernel: keep-alive probes while it is idle, TCP_USER_TIMEOUT while something is
 * unanswered. Every transfer has a bound on its time as well.
 *
 * Secrets go from memory into libcurl and the header list, and appear in no message: libcurl's error texts hold hosts
 * and reasons only, and its verbose mode is never on.
 */

#include "client/transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "client/internal.h"

#define CONNECT_MS	10000L
#define USER_TIMEOUT_MS 30000
#define IDLE_SECONDS	15L
#define PROBE_SECONDS	5L

struct bl_transfer {
	struct bl_multi_entry entry;
	struct bl_client *client;
	const struct bl_transfer_ops *ops;
	void *arg;
	struct curl_slist *headers, *connect_to;
	char *body;
	char error[CURL_ERROR_SIZE];
};

static void free_transfer(struct bl_transfer *t)
{
	curl_easy_cleanup(t->entry.easy);
	for (struct curl_slist *h = t->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->connect_to);
	free(t->body);
	free(t);
}

static int status_of(const struct bl_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->entry.easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct bl_transfer *t = arg;

	if (t->entry.dead)
		return size * n;
	return t->ops->data(t->arg, status_of(t), data, size * n) ? size * n : CURL_WRITEFUNC_ERROR;
}

static bool is_http2(const struct bl_transfer *t)
{
	long version = 0;

	curl_easy_getinfo(t->entry.easy, CURLINFO_HTTP_VERSION, &version);
	return version == CURL_HTTP_VERSION_2_0;
}

/* The empty line ends the head; 1xx heads are not the answer's. */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct bl_transfer *t = arg;
	bool end = size * n <= 2 && (*data == '\r' || *data == '\n');

	if (!end || t->entry.dead || status_of(t) < 200)
		return size * n;
	bl_client_set_shares(t->client, is_http2(t));
	if (t->ops->started)
		t->ops->started(t->arg, status_of(t));
	return size * n;
}

static void on_done(struct bl_multi_entry *e, CURLcode result)
{
	struct bl_transfer *t = (struct bl_transfer *)e;
	curl_off_t retry_after = 0;
	const char *error = NULL;

	curl_easy_getinfo(e->easy, CURLINFO_RETRY_AFTER, &retry_after);
	/* who answers next may be another server */
	if (result != CURLE_OK) {
		bl_client_set_shares(t->client, false);
		error = *t->error ? t->error : curl_easy_strerror(result);
	}
	if (retry_after < 0 || retry_after > 3600)
		retry_after = 0;
	t->ops->done(t->arg, status_of(t), error, (unsigned int)retry_after);
	free_transfer(t);
}

static void on_dropped(struct bl_multi_entry *e)
{
	free_transfer((struct bl_transfer *)e);
}

static int tune_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int ms = USER_TIMEOUT_MS;

	(void)arg;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	return CURL_SOCKOPT_OK;
}

static void set_blob(CURL *easy, CURLoption option, const struct bl_buf *b)
{
	struct curl_blob blob = {.data = b->data, .len = b->len, .flags = CURL_BLOB_COPY};

	if (b->len)
		curl_easy_setopt(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct bl_kubeconfig *k)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, k->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, k->insecure ? 0L : 2L);
	if (k->ca.len) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		set_blob(easy, CURLOPT_CAINFO_BLOB, &k->ca);
	}
	curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &k->cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &k->key);
}

static void add_header(struct bl_transfer *t, const char *name, const char *value)
{
	char *line = bl_asprintf("%s: %s", name, value);

	t->headers = curl_slist_append(t->headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
}

/*
 * The URL. With tls-server-name the URL's host is that name, for SNI and verification, while the connection goes to the
 * server's host and the Host header names it.
 */
static void set_url(struct bl_transfer *t, const struct bl_kubeconfig *k, const char *path)
{
	const char *scheme_end = strstr(k->server, "://") + 3;
	size_t host_len = strcspn(scheme_end, "/");
	BL_FREE char *host = bl_strndup(scheme_end, host_len);
	BL_FREE char *url = NULL, *to = NULL;
	const char *colon = strrchr(host, ':');

	if (!k->server_name) {
		url = bl_asprintf("%s%s", k->server, path);
		curl_easy_setopt(t->entry.easy, CURLOPT_URL, url);
		return;
	}
	if (!colon || strchr(colon, ']'))
		colon = ":443";
	url = bl_asprintf("%.*s%s%s%s%s", (int)(scheme_end - k->server), k->server, k->server_name,
			  colon, scheme_end + host_len, path);
	curl_easy_setopt(t->entry.easy, CURLOPT_URL, url);
	to = bl_asprintf("::%s%s", host, strrchr(host, ':') == colon ? "" : colon);
	t->connect_to = curl_slist_append(NULL, to);
	curl_easy_setopt(t->entry.easy, CURLOPT_CONNECT_TO, t->connect_to);
	add_header(t, "Host", host);
}

static void set_connection(struct bl_transfer *t, const struct bl_kubeconfig *k)
{
	CURL *easy = t->entry.easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, k->proxy ? k->proxy : "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, bl_client_shares(t->client) ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, IDLE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, PROBE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, tune_socket);
	set_tls(easy, k);
}

static void set_request(struct bl_transfer *t, const struct bl_kubeconfig *k,
			const struct bl_transfer_request *req)
{
	CURL *easy = t->entry.easy;

	set_url(t, k, req->path);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, req->method);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
	if (req->body) {
		t->body = bl_malloc(req->len + 1);
		memcpy(t->body, req->body, req->len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body);
		add_header(t, "Content-Type",
			   req->content_type ? req->content_type : "application/json");
		add_header(t, "Expect", "");
	}
	add_header(t, "Accept", "application/json");
	if (k->token) {
		char *value = bl_asprintf("Bearer %s", k->token);

		add_header(t, "Authorization", value);
		explicit_bzero(value, strlen(value));
		free(value);
	}
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "beeline");
}

struct bl_transfer *bl_transfer_start(struct bl_client *c, const struct bl_transfer_request *req,
				      const struct bl_transfer_ops *ops, void *arg)
{
	const struct bl_kubeconfig *k = bl_client_config(c);
	struct bl_transfer *t = bl_new0(struct bl_transfer);
	CURL *easy = curl_easy_init();

	if (!easy)
		abort();
	t->entry = (struct bl_multi_entry){.easy = easy, .done = on_done, .dropped = on_dropped};
	t->client = c;
	t->ops = ops;
	t->arg = arg;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	set_connection(t, k);
	set_request(t, k, req);
	bl_multi_add(bl_client_multi(c), &t->entry);
	return t;
}

void bl_transfer_drop(struct bl_transfer *t)
{
	if (t)
		bl_multi_drop(&t->entry);
}
