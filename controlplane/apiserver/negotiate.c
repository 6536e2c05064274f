// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What the client reads and writes.
 *
 * The Accept header is a list of media types in the order that clients prefer them; the Kubernetes API adds parameters:
 * `as=Table;v=v1;g=meta.k8s.io` for what kubectl prints, `as=PartialObjectMetadata` for what controllers that only follow
 * metadata want, `g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList` for discovery in one document. The first entry that
 * can be met wins, as in the real server; quality values are ignored there too. Clients that would rather have protobuf
 * list JSON behind it and get that. None that can be met is 406.
 */
#include "apiserver/negotiate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static char *trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	return s;
}

/* The parameters that change the form. */
struct params {
	const char *as, *group, *version;
};

static void read_params(char *text, struct params *p)
{
	char *save, *part;

	for (part = strtok_r(text, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
		char *value = strchr(part, '=');

		if (!value)
			continue;
		*value++ = 0;
		part = trim(part);
		if (bl_streq(part, "as"))
			p->as = trim(value);
		else if (bl_streq(part, "g"))
			p->group = trim(value);
		else if (bl_streq(part, "v"))
			p->version = trim(value);
	}
}

static int read_form(const struct params *p, struct bl_accept *a)
{
	if (!p->as)
		return 0;
	if (p->group && bl_streq(p->group, "apidiscovery.k8s.io")) {
		if (!p->version || !bl_streq(p->as, "APIGroupDiscoveryList"))
			return -ENOTSUP;
		a->discovery = bl_streq(p->version, "v2")	 ? "v2"
			       : bl_streq(p->version, "v2beta1") ? "v2beta1"
								 : NULL;
		return a->discovery ? 0 : -ENOTSUP;
	}
	if (!p->group || !bl_streq(p->group, "meta.k8s.io") || !p->version ||
	    !bl_streq(p->version, "v1"))
		return -ENOTSUP;
	if (bl_streq(p->as, "Table"))
		a->form = BL_FORM_TABLE;
	else if (bl_streq(p->as, "PartialObjectMetadata") ||
		 bl_streq(p->as, "PartialObjectMetadataList"))
		a->form = BL_FORM_PARTIAL;
	else
		return -ENOTSUP;
	return 0;
}

/* One entry of the list; changes the text. */
static int read_entry(char *entry, struct bl_accept *ret)
{
	struct bl_accept a = {};
	struct params p = {};
	char *params = strchr(entry, ';');
	char *type;

	if (params)
		*params++ = 0;
	type = trim(entry);
	a.yaml = bl_streq(type, "application/yaml");
	if (!a.yaml && !bl_streq(type, "application/json") && !bl_streq(type, "*/*") &&
	    !bl_streq(type, "application/*"))
		return -ENOTSUP;
	if (params)
		read_params(params, &p);
	if (read_form(&p, &a))
		return -ENOTSUP;
	*ret = a;
	return 0;
}

int bl_negotiate(const char *header, struct bl_accept *ret_accept)
{
	BL_FREE char *copy = bl_strdup(header && *header ? header : "*/*");
	char *save, *entry;

	for (entry = strtok_r(copy, ",", &save); entry; entry = strtok_r(NULL, ",", &save)) {
		if (read_entry(entry, ret_accept) == 0)
			return 0;
	}
	return -ENOTSUP;
}

enum bl_media bl_media_type(const char *content_type)
{
	static const struct {
		const char *type;
		enum bl_media media;
	} known[] = {
		{"", BL_MEDIA_JSON},
		{"application/json", BL_MEDIA_JSON},
		{"application/yaml", BL_MEDIA_YAML},
		{"application/vnd.kubernetes.protobuf", BL_MEDIA_PROTOBUF},
		{"application/json-patch+json", BL_MEDIA_JSON_PATCH},
		{"application/merge-patch+json", BL_MEDIA_MERGE_PATCH},
		{"application/strategic-merge-patch+json", BL_MEDIA_STRATEGIC_PATCH},
		{"application/apply-patch+yaml", BL_MEDIA_APPLY_PATCH},
	};
	char type[80];

	snprintf(type, sizeof(type), "%.*s", content_type ? (int)strcspn(content_type, ";") : 0,
		 content_type ? content_type : "");
	for (size_t i = 0; i < BL_ARRAY_SIZE(known); i++) {
		if (bl_streq(trim(type), known[i].type))
			return known[i].media;
	}
	return BL_MEDIA_OTHER;
}
