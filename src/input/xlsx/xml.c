/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/xml.h"

#include "base/mem.h"

#include <expat.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 16, MAX_DEPTH = 64 };

struct hb_xml {
    const hb_package *package;
    const char *name;
    hb_part *part;
    XML_Parser parser;
    const hb_xml_handler *handler;
    void *ctx;
    hb_error err;
    hb_status failed;
    int depth;
    bool done;
    char chunk[CHUNK_BYTES];
};

static const char *local(const char *name)
{
    const char *from = name;
    for (; *name; name++) { /* mostly one letter: a call would cost more */
        from = *name == ':' ? name + 1 : from;
    }
    return from;
}

static void stop(hb_xml *x, hb_status status)
{
    if (status != HB_OK && x->failed == HB_OK) {
        x->failed = status;
        XML_StopParser(x->parser, XML_FALSE);
    }
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **atts)
{
    hb_xml *x = ctx;
    if (x->failed != HB_OK) {
        return;
    }
    if (++x->depth > MAX_DEPTH) {
        stop(x, HB_FAIL(&x->err, HB_E_LIMIT, "'%s': '%s' is nested deeper than %d elements",
                        x->package->path, x->name, MAX_DEPTH));
        return;
    }
    stop(x, x->handler->start(x->ctx, local(name), atts, &x->err));
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    hb_xml *x = ctx;
    x->depth--;
    if (x->failed == HB_OK && x->handler->end) {
        stop(x, x->handler->end(x->ctx, local(name), &x->err));
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *p, int n)
{
    hb_xml *x = ctx;
    if (x->failed == HB_OK && x->handler->text) {
        stop(x, x->handler->text(x->ctx, p, (size_t)n, &x->err));
    }
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *sysid,
                               const XML_Char *pubid, int has_internal)
{
    hb_xml *x = ctx;
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)has_internal;
    stop(x,
         HB_FAIL(&x->err, HB_E_INPUT, "'%s': '%s' declares a document type, which no workbook does",
                 x->package->path, x->name));
}

hb_status hb_xml_open(const hb_package *p, const char *part, const hb_xml_handler *handler,
                      void *ctx, hb_xml **ret_xml, hb_error *err)
{
    *ret_xml = NULL;
    hb_part *open = NULL;
    HB_TRY(hb_part_open(p, part, &open, err));
    if (!open) {
        return HB_OK;
    }
    hb_xml *x = hb_alloc_zero(sizeof *x);
    XML_Parser parser = x ? XML_ParserCreate(NULL) : NULL;
    if (!parser) {
        hb_part_close(open);
        hb_free(x);
        return HB_NOMEM(err);
    }
    x->package = p;
    x->name = part;
    x->part = open;
    x->parser = parser;
    x->handler = handler;
    x->ctx = ctx;
    XML_SetUserData(parser, x);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    *ret_xml = x;
    return HB_OK;
}

hb_status hb_xml_step(hb_xml *x, bool *ret_more, hb_error *err)
{
    size_t n = 0;
    *ret_more = false;
    if (x->done) {
        return HB_OK;
    }
    HB_TRY(hb_part_read(x->part, x->chunk, sizeof x->chunk, &n, err));
    x->done = n < sizeof x->chunk;
    if (XML_Parse(x->parser, x->chunk, (int)n, x->done) != XML_STATUS_OK) {
        if (x->failed != HB_OK) {
            if (err) {
                *err = x->err;
            }
            return x->failed;
        }
        enum XML_Error code = XML_GetErrorCode(x->parser);
        if (code == XML_ERROR_NO_MEMORY) {
            return HB_NOMEM(err);
        }
        return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off or damaged: '%s' line %lu: %s",
                       x->package->path, x->name,
                       (unsigned long)XML_GetCurrentLineNumber(x->parser), XML_ErrorString(code));
    }
    *ret_more = !x->done;
    return HB_OK;
}

void hb_xml_close(hb_xml *x)
{
    if (x) {
        XML_ParserFree(x->parser);
        hb_part_close(x->part);
        hb_free(x);
    }
}

hb_status hb_xml_parse(const hb_package *p, const char *part, const hb_xml_handler *handler,
                       void *ctx, bool *ret_found, hb_error *err)
{
    hb_xml *x = NULL;
    HB_TRY(hb_xml_open(p, part, handler, ctx, &x, err));
    *ret_found = x != NULL;
    bool more = x != NULL;
    hb_status status = HB_OK;
    while (status == HB_OK && more) {
        status = hb_xml_step(x, &more, err);
    }
    hb_xml_close(x);
    return status;
}

const char *hb_xml_attribute(const char **atts, const char *name)
{
    for (size_t i = 0; atts[i]; i += 2) {
        if (strcmp(local(atts[i]), name) == 0) {
            return atts[i + 1];
        }
    }
    return NULL;
}
