/*
 * kept.c: the module taskstate._kept: status answers that the library keeps in memory, as Python objects in one
 * crossing. It calls the library inside taskstate._native, through addresses that it is told, so that there is one copy
 * of it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <taskstate.h>

#include <string.h>

/* All of it is used with the GIL held, which a call that cannot block need not give up. */
static int32_t (*decide)(tse_engine *, const char *, size_t, const char *, size_t, const tse_request *,
                         const tse_call *, tse_answer *, tse_error **);
static int32_t (*answer_new)(tse_answer **, tse_error **);
static int32_t (*answer_get)(const tse_answer *, tse_answer_view *);
static void (*answer_free)(tse_answer *);
static tse_answer *idle; /* taken while in use: making objects can run other Python code, which may come here */
static PyObject *no_arguments, *parts_name;

/* The names of headers are literals in the library: one object for each. */
static struct {
  const char *data;
  PyObject *text;
} names[16];

static PyObject *name_of(tse_str name) {
  size_t i = 0;
  while (i < 15 && names[i].data && names[i].data != name.data) ++i;
  if (names[i].data != name.data || !names[i].text) {
    PyObject *made = PyUnicode_DecodeASCII(name.data, (Py_ssize_t)name.size, NULL);
    if (!made) return NULL;
    Py_XDECREF(names[i].text);
    names[i].data = name.data;
    names[i].text = made;
  }
  Py_INCREF(names[i].text);
  return names[i].text;
}

static PyObject *new_pair(const tse_header *header) {
  PyObject *pair = PyTuple_New(2);
  if (!pair) return NULL;
  PyTuple_SET_ITEM(pair, 0, name_of(header->name));
  PyTuple_SET_ITEM(pair, 1, PyUnicode_DecodeLatin1(header->value.data, (Py_ssize_t)header->value.size, NULL));
  if (!PyTuple_GET_ITEM(pair, 0) || !PyTuple_GET_ITEM(pair, 1)) Py_CLEAR(pair);
  return pair;
}

/* Most answers have these two headers: one object for each. */
static PyObject *pair_of(const tse_header *header) {
  static struct {
    const char *name, *value;
    size_t size;
    PyObject *pair;
  } usual[] = {{"Content-Type", "application/json", 16, NULL}, {"Cache-Control", "private, no-cache", 17, NULL}};
  for (size_t i = 0; i < 2; ++i) {
    if (header->value.size != usual[i].size || memcmp(header->value.data, usual[i].value, usual[i].size) ||
        strcmp(header->name.data, usual[i].name))
      continue;
    if (!usual[i].pair) usual[i].pair = new_pair(header);
    Py_XINCREF(usual[i].pair);
    return usual[i].pair;
  }
  return new_pair(header);
}

static PyObject *headers_of(const tse_answer_view *view) {
  PyObject *headers = PyTuple_New((Py_ssize_t)view->header_count);
  for (size_t i = 0; headers && i < view->header_count; ++i) {
    PyObject *pair = pair_of(&view->headers[i]);
    if (pair) {
      PyTuple_SET_ITEM(headers, (Py_ssize_t)i, pair);
    } else {
      Py_CLEAR(headers);
    }
  }
  return headers;
}

static PyObject *none(void) {
  Py_INCREF(Py_None);
  return Py_None;
}

/* An Answer of (status, headers, body, microseconds to wait, revision). */
static PyObject *answer_of(PyTypeObject *answer_type, const tse_answer_view *view) {
  PyObject *parts = PyTuple_New(5);
  if (!parts) return NULL;
  PyTuple_SET_ITEM(parts, 0, PyLong_FromLong(view->status));
  PyTuple_SET_ITEM(parts, 1, headers_of(view));
  PyTuple_SET_ITEM(parts, 2,
                   view->body.data ? PyBytes_FromStringAndSize(view->body.data, (Py_ssize_t)view->body.size) : none());
  PyTuple_SET_ITEM(parts, 3, PyLong_FromLong(0));
  PyTuple_SET_ITEM(parts, 4, PyLong_FromLongLong(view->revision));
  PyObject *made = NULL;
  int complete = 1;
  for (Py_ssize_t i = 0; i < 5; ++i) complete = complete && PyTuple_GET_ITEM(parts, i);
  if (complete) made = answer_type->tp_new(answer_type, no_arguments, NULL);
  if (made && PyObject_SetAttr(made, parts_name, parts)) Py_CLEAR(made);
  Py_DECREF(parts);
  return made;
}

/* 0: not what it must be, which the usual way complains of. */
static int text_in(PyObject *from, tse_str *to) {
  Py_ssize_t size = 0;
  if (from == Py_None) return 1;
  if (PyBytes_Check(from)) {
    to->data = PyBytes_AS_STRING(from);
    size = PyBytes_GET_SIZE(from);
  } else if (PyUnicode_Check(from)) {
    to->data = PyUnicode_AsUTF8AndSize(from, &size);
    if (!to->data) PyErr_Clear();
  }
  to->size = (size_t)size;
  return to->data != NULL;
}

static PyObject *kept_decide(PyObject *self, PyObject *const *given, Py_ssize_t count) {
  (void)self;
  if (count != 8 || !PyType_Check(*given)) {
    PyErr_SetString(PyExc_TypeError, "decide() takes a type and seven arguments");
    return NULL;
  }
  /* Not kept from one call to the next: each interpreter has an Answer of its own. */
  PyTypeObject *answer_type = (PyTypeObject *)*given++;
  tse_engine *engine = PyLong_AsVoidPtr(given[0]);
  if (!engine && PyErr_Occurred()) return NULL;
  tse_str zone_id = {NULL, 0}, id = {NULL, 0};
  tse_request request = TSE_REQUEST_INIT;
  request.kept_only = 1;
  const long completed = PyLong_AsLong(given[6]);
  if (completed == -1 && PyErr_Occurred()) return NULL;
  request.completed = (int32_t)completed;
  const int fits = text_in(given[1], &zone_id) && text_in(given[2], &id) && text_in(given[3], &request.method) &&
                   text_in(given[4], &request.client_request_id) && text_in(given[5], &request.if_none_match);
  if (!fits || !zone_id.data || !id.data) Py_RETURN_NONE;
  tse_answer *answer = idle;
  idle = NULL;
  if (!answer && answer_new(&answer, NULL)) Py_RETURN_NONE;
  tse_answer_view view = TSE_ANSWER_VIEW_INIT;
  const int is_kept = !decide(engine, zone_id.data, zone_id.size, id.data, id.size, &request, NULL, answer, NULL) &&
                      !answer_get(answer, &view) && view.status != 0;
  PyObject *made = is_kept ? answer_of(answer_type, &view) : none();
  if (idle) {
    answer_free(answer);
  } else {
    idle = answer;
  }
  return made;
}

static PyObject *kept_use(PyObject *self, PyObject *arguments) {
  (void)self;
  unsigned long long decide_at = 0, new_at = 0, get_at = 0, free_at = 0;
  if (!PyArg_ParseTuple(arguments, "KKKK", &decide_at, &new_at, &get_at, &free_at)) return NULL;
  const uintptr_t addresses[] = {(uintptr_t)decide_at, (uintptr_t)new_at, (uintptr_t)get_at, (uintptr_t)free_at};
  memcpy(&decide, &addresses[0], sizeof decide);
  memcpy(&answer_new, &addresses[1], sizeof answer_new);
  memcpy(&answer_get, &addresses[2], sizeof answer_get);
  memcpy(&answer_free, &addresses[3], sizeof answer_free);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"use", kept_use, METH_VARARGS, "use(tse_decide, tse_answer_new, tse_answer_get, tse_answer_free): addresses"},
    {"decide", (PyCFunction)(void (*)(void))kept_decide, METH_FASTCALL,
     "decide(answer_type, engine, zone_id, id, method, client_request_id, if_none_match, completed): an Answer, or "
     "None"},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "taskstate._kept", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kept(void) {
  no_arguments = PyTuple_New(0);
  parts_name = PyUnicode_InternFromString("_parts");
  return no_arguments && parts_name ? PyModule_Create(&definition) : NULL;
}
