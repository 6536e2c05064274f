// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Looking into the tables of shapes
 *
 * Finding a field of a type, and making the empty object of a type.
 *
 * Fields are few (the longest table, a pod's spec, has forty) and are compared by name one after the other: a table in
 * read-only memory needs no index that would have to be built at start. Names are compared with their case, as the API
 * does since Kubernetes 1.23: `Spec` is an unknown field.
 *
 * The empty object is what the real server's Go types encode to when nothing is set. It is where ownership of fields
 * starts: on a create, what was there before is this object, so a field that is always present is not one that the
 * creator has added.
 */
#include "apiserver/schema.h"

#include "base/str.h"

const struct bl_schema_field *bl_schema_find(const struct bl_schema_type *type, const char *name)
{
	for (const struct bl_schema_field *f = type->fields; f->name; f++)
		if (bl_streq(f->name, name))
			return f;
	return NULL;
}

json_t *bl_schema_zero_value(const struct bl_schema_field *f)
{
	switch (f->class) {
	case BL_SCHEMA_STRING:
	case BL_SCHEMA_BYTES:
		return json_string("");
	case BL_SCHEMA_INT32:
	case BL_SCHEMA_INT64:
	case BL_SCHEMA_INT_OR_STRING:
		return json_integer(0);
	case BL_SCHEMA_BOOL:
		return json_false();
	case BL_SCHEMA_QUANTITY:
		return json_string("0");
	case BL_SCHEMA_OBJECT:
		return bl_schema_zero(f->type);
	case BL_SCHEMA_ANY:
		return json_object();
	case BL_SCHEMA_TIME:
	case BL_SCHEMA_MICRO_TIME:
		break;
	}
	return json_null();
}

json_t *bl_schema_zero_field(const struct bl_schema_field *f)
{
	return f->shape == BL_SHAPE_ONE ? bl_schema_zero_value(f) : json_null();
}

json_t *bl_schema_zero(const struct bl_schema_type *type)
{
	json_t *obj = json_object();

	for (const struct bl_schema_field *f = type->fields; f->name; f++)
		if (f->presence == BL_PRESENT_ALWAYS)
			json_object_set_new(obj, f->name, bl_schema_zero_field(f));
	return obj;
}
