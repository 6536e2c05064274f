// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Certificates of a stand-alone control plane.
 *
 * The first start makes a certificate authority in D/pki and from it a server and an administrator's certificate; later
 * starts use them again, so that kubeconfigs stay good. Keys are ECDSA on P-256: small, and quick to sign with. Files are
 * 0600 and replaced in one step.
 *
 * The server's certificate names what clients may call the server: its listen addresses, localhost, the names of the
 * `kubernetes` Service and that Service's addresses. When a start asks for a name that it lacks, it is made anew; the CA
 * and the administrator's certificate stay.
 *
 * Serial numbers are random and every certificate is valid for ten years: there is nobody to renew them in a lab, and
 * whoever holds the folder holds the CA.
 */
#include "apiserver/pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/ip.h"
#include "base/mem.h"
#include "base/str.h"

#define YEAR	(365L * 86400)
#define MONTH	(30L * 86400)
#define PEM_MAX (64 * 1024)

/* What a certificate is for. */
struct order {
	const char *cn;
	const char *const *groups; /* NULL-terminated, or NULL */
	const char *const *sans;   /* NULL-terminated, or NULL: a client */
	const struct bl_pki *ca;   /* NULL: a CA, signed by itself */
};

static void free_crt(gnutls_x509_crt_t *c)
{
	if (*c)
		gnutls_x509_crt_deinit(*c);
}

static void free_key(gnutls_x509_privkey_t *k)
{
	if (*k)
		gnutls_x509_privkey_deinit(*k);
}

#define CRT BL_CLEANUP(free_crt) gnutls_x509_crt_t
#define KEY BL_CLEANUP(free_key) gnutls_x509_privkey_t

static int import_crt(const char *pem, gnutls_x509_crt_t *ret)
{
	gnutls_datum_t d = {(unsigned char *)pem, (unsigned int)strlen(pem)};
	int rc = gnutls_x509_crt_init(ret);

	return rc < 0 ? rc : gnutls_x509_crt_import(*ret, &d, GNUTLS_X509_FMT_PEM);
}

static int import_key(const char *pem, gnutls_x509_privkey_t *ret)
{
	gnutls_datum_t d = {(unsigned char *)pem, (unsigned int)strlen(pem)};
	int rc = gnutls_x509_privkey_init(ret);

	return rc < 0 ? rc : gnutls_x509_privkey_import(*ret, &d, GNUTLS_X509_FMT_PEM);
}

static void set_san(gnutls_x509_crt_t crt, const char *san)
{
	struct bl_ip ip;

	if (bl_ip_parse(san, &ip) == 0)
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip.b,
						     bl_ip_size(&ip), GNUTLS_FSAN_APPEND);
	else
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, san,
						     (unsigned int)strlen(san), GNUTLS_FSAN_APPEND);
}

static void set_identity(gnutls_x509_crt_t crt, const struct order *o)
{
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, o->cn,
				      (unsigned int)strlen(o->cn));
	for (const char *const *g = o->groups; g && *g; g++)
		gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, *g,
					      (unsigned int)strlen(*g));
	for (const char *const *s = o->sans; s && *s; s++)
		set_san(crt, *s);
}

static void set_usage(gnutls_x509_crt_t crt, const struct order *o)
{
	gnutls_x509_crt_set_basic_constraints(crt, !o->ca, -1);
	gnutls_x509_crt_set_key_usage(crt, o->ca ? GNUTLS_KEY_DIGITAL_SIGNATURE
						 : GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	if (o->ca)
		gnutls_x509_crt_set_key_purpose_oid(
			crt, o->sans ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0);
}

static void set_numbers(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	unsigned char serial[16], id[20];
	size_t id_len = sizeof(id);
	time_t now = time(NULL);

	gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
	serial[0] &= 0x7f;
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	gnutls_x509_crt_set_activation_time(crt, now - 300);
	gnutls_x509_crt_set_expiration_time(crt, now + 10 * YEAR);
	if (gnutls_x509_privkey_get_key_id(key, 0, id, &id_len) == 0)
		gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
}

/* RFC 5280, 4.2.1.1: an issued certificate names its issuer's key; strict verifiers insist. */
static void set_authority(gnutls_x509_crt_t crt, gnutls_x509_crt_t ca)
{
	unsigned char id[64];
	size_t len = sizeof(id);

	if (gnutls_x509_crt_get_subject_key_id(ca, id, &len, NULL) == 0)
		gnutls_x509_crt_set_authority_key_id(crt, id, len);
}

static int sign(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const struct order *o)
{
	CRT ca = NULL;
	KEY ca_key = NULL;
	int rc;

	if (!o->ca)
		return gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	rc = import_crt(o->ca->ca_cert, &ca);
	if (rc >= 0)
		rc = import_key(o->ca->ca_key, &ca_key);
	if (rc < 0)
		return rc;
	set_authority(crt, ca);
	return gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0);
}

static char *take_text(gnutls_datum_t *d)
{
	char *text = bl_strndup((const char *)d->data, d->size);

	gnutls_free(d->data);
	return text;
}

static int issue(const struct order *o, char **ret_cert, char **ret_key, struct bl_err *err)
{
	CRT crt = NULL;
	KEY key = NULL;
	gnutls_datum_t cert_pem = {}, key_pem = {};
	int rc = gnutls_x509_crt_init(&crt);

	if (rc >= 0)
		rc = gnutls_x509_privkey_init(&key);
	if (rc >= 0)
		rc = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc < 0)
		return bl_err_set(err, -EIO, "make a key: %s", gnutls_strerror(rc));
	set_identity(crt, o);
	set_usage(crt, o);
	set_numbers(crt, key);
	gnutls_x509_crt_set_key(crt, key);
	rc = sign(crt, key, o);
	if (rc >= 0)
		rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &cert_pem);
	if (rc >= 0)
		rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &key_pem);
	if (rc < 0) {
		gnutls_free(cert_pem.data);
		return bl_err_set(err, -EIO, "make the certificate of %s: %s", o->cn,
				  gnutls_strerror(rc));
	}
	*ret_cert = take_text(&cert_pem);
	*ret_key = take_text(&key_pem);
	return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int read_text(const char *dir, const char *name, const char *ext, char **ret,
		     struct bl_err *err)
{
	BL_FREE char *path = bl_asprintf("%s/pki/%s.%s", dir, name, ext);
	BL_BUF struct bl_buf b = {};
	int rc = bl_file_read(path, PEM_MAX, &b, err);

	if (!rc)
		*ret = bl_buf_take(&b);
	return rc;
}

/* A file that somebody broke is named here, not by what fails later because of it. */
static int check_pair(const char *dir, const char *name, const char *cert, const char *key,
		      struct bl_err *err)
{
	CRT crt = NULL;
	KEY k = NULL;
	int rc = import_crt(cert, &crt);

	if (rc < 0)
		return bl_err_set(err, -EINVAL, "%s/pki/%s.crt: %s", dir, name,
				  gnutls_strerror(rc));
	rc = import_key(key, &k);
	if (rc < 0)
		return bl_err_set(err, -EINVAL, "%s/pki/%s.key: %s", dir, name,
				  gnutls_strerror(rc));
	return 0;
}

/* Both or neither; -ENOENT: to be made. */
static int read_pair(const char *dir, const char *name, char **ret_cert, char **ret_key,
		     struct bl_err *err)
{
	BL_FREE char *cert = NULL, *key = NULL;
	int rc = read_text(dir, name, "key", &key, err);

	if (!rc)
		rc = read_text(dir, name, "crt", &cert, err);
	if (!rc)
		rc = check_pair(dir, name, cert, key, err);
	if (rc)
		return rc;
	*ret_cert = bl_take_ptr(cert);
	*ret_key = bl_take_ptr(key);
	return 0;
}

static int write_pair(const char *dir, const char *name, const char *cert, const char *key,
		      struct bl_err *err)
{
	BL_FREE char *key_path = bl_asprintf("%s/pki/%s.key", dir, name);
	BL_FREE char *cert_path = bl_asprintf("%s/pki/%s.crt", dir, name);
	int rc = bl_file_write(cert_path, cert, strlen(cert), 0600, err);

	return rc ? rc : bl_file_write(key_path, key, strlen(key), 0600, err);
}

static bool has_san(gnutls_x509_crt_t crt, const char *san)
{
	return gnutls_x509_crt_check_hostname(crt, san) != 0;
}

/* The stored certificate is signed by this CA, lasts, and holds every name. */
static bool still_good(const struct bl_pki *p, const char *cert, const char *const *sans)
{
	CRT crt = NULL;
	CRT ca = NULL;
	unsigned int bad = 0;

	if (import_crt(cert, &crt) < 0 || import_crt(p->ca_cert, &ca) < 0)
		return false;
	if (gnutls_x509_crt_verify(crt, &ca, 1, 0, &bad) < 0 || bad ||
	    gnutls_x509_crt_get_expiration_time(crt) < time(NULL) + MONTH)
		return false;
	for (; sans && *sans; sans++) {
		if (!has_san(crt, *sans))
			return false;
	}
	return true;
}

/* Reads name.crt and name.key, or makes them to order. */
static int open_pair(const char *dir, const char *name, const struct order *o,
		     const struct bl_pki *p, char **ret_cert, char **ret_key, struct bl_err *err)
{
	int rc = read_pair(dir, name, ret_cert, ret_key, err);

	if (rc && rc != -ENOENT)
		return rc;
	if (!rc && (!o->ca || still_good(p, *ret_cert, o->sans)))
		return 0;
	if (!rc) {
		free(bl_take_ptr(*ret_cert));
		free(bl_take_ptr(*ret_key));
	}
	rc = issue(o, ret_cert, ret_key, err);
	return rc ? rc : write_pair(dir, name, *ret_cert, *ret_key, err);
}

int bl_pki_open(const char *data_dir, const char *const *sans, struct bl_pki **ret_pki,
		struct bl_err *err)
{
	static const char *const masters[] = {"system:masters", NULL};
	BL_FREE char *dir = bl_asprintf("%s/pki", data_dir);
	BL_PKI struct bl_pki *p = bl_new0(struct bl_pki);
	struct order ca = {.cn = "beeline-controlplane"};
	struct order server = {.cn = "kube-apiserver", .sans = sans, .ca = p};
	struct order admin = {.cn = "admin", .groups = masters, .ca = p};
	int rc = bl_file_mkdirs(dir, 0700, err);

	if (!rc)
		rc = open_pair(data_dir, "ca", &ca, p, &p->ca_cert, &p->ca_key, err);
	if (!rc)
		rc = open_pair(data_dir, "server", &server, p, &p->server_cert, &p->server_key,
			       err);
	if (!rc)
		rc = open_pair(data_dir, "admin", &admin, p, &p->admin_cert, &p->admin_key, err);
	if (!rc)
		*ret_pki = bl_take_ptr(p);
	return rc;
}

int bl_pki_open_ca(const char *data_dir, struct bl_pki **ret_pki, struct bl_err *err)
{
	BL_PKI struct bl_pki *p = bl_new0(struct bl_pki);
	int rc = read_pair(data_dir, "ca", &p->ca_cert, &p->ca_key, err);

	if (!rc)
		*ret_pki = bl_take_ptr(p);
	return rc;
}

struct bl_pki *bl_pki_free(struct bl_pki *p)
{
	if (!p)
		return NULL;
	free(p->ca_cert);
	free(p->ca_key);
	free(p->server_cert);
	free(p->server_key);
	free(p->admin_cert);
	free(p->admin_key);
	free(p);
	return NULL;
}

int bl_pki_issue_client(const struct bl_pki *p, const char *user, const char *const *groups,
			char **ret_cert, char **ret_key, struct bl_err *err)
{
	struct order o = {.cn = user, .groups = groups, .ca = p};

	return issue(&o, ret_cert, ret_key, err);
}

static char *base64(const char *text)
{
	gnutls_datum_t in = {(unsigned char *)text, (unsigned int)strlen(text)}, out = {};

	if (gnutls_base64_encode2(&in, &out) < 0)
		return bl_strdup("");
	return take_text(&out);
}

char *bl_pki_kubeconfig(const struct bl_pki *p, const char *server, const char *user,
			const char *cert, const char *key)
{
	BL_FREE char *ca64 = base64(p->ca_cert);
	BL_FREE char *cert64 = base64(cert);
	BL_FREE char *key64 = base64(key);

	return bl_asprintf("apiVersion: v1\n"
			   "kind: Config\n"
			   "clusters:\n"
			   "- name: beeline\n"
			   "  cluster:\n"
			   "    server: %s\n"
			   "    certificate-authority-data: %s\n"
			   "users:\n"
			   "- name: %s\n"
			   "  user:\n"
			   "    client-certificate-data: %s\n"
			   "    client-key-data: %s\n"
			   "contexts:\n"
			   "- name: beeline\n"
			   "  context:\n"
			   "    cluster: beeline\n"
			   "    user: %s\n"
			   "current-context: beeline\n",
			   server, ca64, user, cert64, key64, user);
}
