package io.github.blip2j.io.torch;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Python 3's names for the names of Python 2 in pickles of protocol 2. {@code torch.save} writes
 * protocol 2, in which {@code int} is {@code __builtin__.long}. The table is that of Python's
 * module {@code _compat_pickle}.
 */
final class PythonNames {
  private static final String MODULES =
      """
      __builtin__=builtins copy_reg=copyreg Queue=queue SocketServer=socketserver
      ConfigParser=configparser repr=reprlib tkFileDialog=tkinter.filedialog
      tkSimpleDialog=tkinter.simpledialog tkColorChooser=tkinter.colorchooser
      tkCommonDialog=tkinter.commondialog Dialog=tkinter.dialog Tkdnd=tkinter.dnd
      tkFont=tkinter.font tkMessageBox=tkinter.messagebox ScrolledText=tkinter.scrolledtext
      Tkconstants=tkinter.constants Tix=tkinter.tix ttk=tkinter.ttk Tkinter=tkinter
      markupbase=_markupbase _winreg=winreg thread=_thread dummy_thread=_dummy_thread
      dbhash=dbm.bsd dumbdbm=dbm.dumb dbm=dbm.ndbm gdbm=dbm.gnu xmlrpclib=xmlrpc.client
      SimpleXMLRPCServer=xmlrpc.server httplib=http.client htmlentitydefs=html.entities
      HTMLParser=html.parser Cookie=http.cookies cookielib=http.cookiejar
      BaseHTTPServer=http.server test.test_support=test.support commands=subprocess
      urlparse=urllib.parse robotparser=urllib.robotparser urllib2=urllib.request anydbm=dbm
      _abcoll=collections.abc cPickle=pickle _elementtree=xml.etree.ElementTree
      FileDialog=tkinter.filedialog SimpleDialog=tkinter.simpledialog
      DocXMLRPCServer=xmlrpc.server SimpleHTTPServer=http.server CGIHTTPServer=http.server
      UserDict=collections UserList=collections UserString=collections whichdb=dbm
      StringIO=io cStringIO=io exceptions=builtins
      """;

  private static final String NAMES =
      """
      __builtin__.xrange=builtins.range __builtin__.reduce=functools.reduce
      __builtin__.intern=sys.intern __builtin__.unichr=builtins.chr
      __builtin__.unicode=builtins.str __builtin__.basestring=builtins.str
      __builtin__.long=builtins.int exceptions.StandardError=builtins.Exception
      itertools.izip=builtins.zip itertools.imap=builtins.map itertools.ifilter=builtins.filter
      itertools.ifilterfalse=itertools.filterfalse itertools.izip_longest=itertools.zip_longest
      UserDict.IterableUserDict=collections.UserDict _socket.fromfd=socket.fromfd
      socket._socketobject=socket.SocketType
      _multiprocessing.Connection=multiprocessing.connection.Connection
      multiprocessing.process.Process=multiprocessing.context.Process
      multiprocessing.forking.Popen=multiprocessing.popen_fork.Popen
      multiprocessing.AuthenticationError=multiprocessing.context.AuthenticationError
      multiprocessing.BufferTooShort=multiprocessing.context.BufferTooShort
      multiprocessing.ProcessError=multiprocessing.context.ProcessError
      multiprocessing.TimeoutError=multiprocessing.context.TimeoutError
      urllib.ContentTooShortError=urllib.error.ContentTooShortError
      urllib.getproxies=urllib.request.getproxies
      urllib.pathname2url=urllib.request.pathname2url urllib.quote_plus=urllib.parse.quote_plus
      urllib.quote=urllib.parse.quote urllib.unquote_plus=urllib.parse.unquote_plus
      urllib.unquote=urllib.parse.unquote urllib.url2pathname=urllib.request.url2pathname
      urllib.urlcleanup=urllib.request.urlcleanup urllib.urlencode=urllib.parse.urlencode
      urllib.urlopen=urllib.request.urlopen urllib.urlretrieve=urllib.request.urlretrieve
      urllib2.HTTPError=urllib.error.HTTPError urllib2.URLError=urllib.error.URLError
      """;

  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final Map<String, String> MODULE = table(MODULES);
  private static final Map<String, String> NAME = table(NAMES);

  private PythonNames() {}

  /** The Python 3 name of {@code module.name} in a pickle of a protocol below 3. */
  static String ofPython3(String module, String name) {
    String full = module + "." + name;
    return NAME.getOrDefault(full, MODULE.getOrDefault(module, module) + "." + name);
  }

  private static Map<String, String> table(String text) {
    Map<String, String> table = new HashMap<>();
    for (String pair : SPACES.splitAsStream(text.strip()).toList()) {
      int middle = pair.indexOf('=');
      table.put(pair.substring(0, middle), pair.substring(middle + 1));
    }
    return Map.copyOf(table);
  }
}
