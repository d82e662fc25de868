import { safeSklearn } from './safe-imports-sklearn.js';

/** Every module with each of the names. */
const namesOf = (modules: readonly string[], names: string): string[] =>
  modules.flatMap((module) => names.split(' ').map((name) => `${module}:${name}`));

const ufuncs =
  'abs absolute add cbrt ceil clip cos divide exp exp2 expm1 floor log log10 log1p log2 maximum minimum multiply negative power reciprocal rint sign sin sqrt square subtract tan tanh true_divide';
const numpyScalars =
  'bool bool_ bytes_ complex128 complex64 datetime64 float16 float32 float64 int16 int32 int64 int8 intc longlong object_ str_ timedelta64 uint16 uint32 uint64 uint8 ulonglong void';
const bitGenerators = 'MT19937 PCG64 PCG64DXSM Philox SFC64';

const python = [
  ...namesOf(
    ['builtins'],
    'bool bytearray bytes complex dict float frozenset int list object range set slice str tuple Ellipsis NotImplemented long unicode xrange',
  ),
  ...namesOf(['collections'], 'Counter OrderedDict defaultdict deque'),
  ...namesOf(['copyreg'], '_reconstructor __newobj__'),
  ...namesOf(['datetime'], 'date datetime time timedelta timezone'),
  ...namesOf(['_codecs'], 'encode'),
  ...namesOf(['zoneinfo'], 'ZoneInfo._unpickle'),
  'decimal:Decimal',
  'fractions:Fraction',
  'functools:partial',
  'pathlib:PosixPath',
  'pathlib:PurePosixPath',
  'types:SimpleNamespace',
  'uuid:UUID',
];

const numpy = [
  ...namesOf(['numpy'], `dtype ndarray ${numpyScalars} ${ufuncs}`),
  ...namesOf(['numpy.core.multiarray', 'numpy._core.multiarray'], '_reconstruct scalar'),
  ...namesOf(['numpy.core.numeric', 'numpy._core.numeric'], '_frombuffer'),
  ...namesOf(['numpy.core._multiarray_umath', 'numpy._core._multiarray_umath'], ufuncs),
  ...namesOf(['numpy.ma', 'numpy.ma.core'], '_mareconstruct MaskedArray'),
  ...namesOf(['numpy.random._pickle'], '__bit_generator_ctor __generator_ctor __randomstate_ctor'),
  ...namesOf(['numpy.random.bit_generator'], 'SeedSequence __pyx_unpickle_SeedSequence'),
  ...[...bitGenerators.split(' ')].map((name) => `numpy.random._${name.replace('DXSM', '').toLowerCase()}:${name}`),
  ...namesOf(['numpy.random._generator'], 'Generator'),
  ...namesOf(['numpy.random.mtrand'], 'RandomState'),
  ...namesOf(
    ['numpy.dtypes'],
    'BoolDType Float32DType Float64DType Int32DType Int64DType Int8DType ObjectDType StringDType UInt8DType',
  ),
];

const pandasIndexes =
  'CategoricalIndex DatetimeIndex Index IntervalIndex MultiIndex PeriodIndex RangeIndex TimedeltaIndex';
const pandasDtypes =
  'BooleanDtype CategoricalDtype DatetimeTZDtype Float32Dtype Float64Dtype Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntervalDtype PeriodDtype StringDtype UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype';
const pandasArrays =
  'ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray NumpyExtensionArray PandasArray PeriodArray SparseArray StringArray TimedeltaArray';
const pandas = [
  ...namesOf(
    ['pandas', 'pandas.api.extensions'],
    `Categorical DataFrame Interval NaT Series Timedelta Timestamp ${pandasIndexes} ${pandasDtypes}`,
  ),
  ...namesOf(['pandas.arrays'], pandasArrays),
  'pandas.core.frame:DataFrame',
  'pandas.core.series:Series',
  ...namesOf(['pandas.core.indexes.base'], 'Index _new_Index'),
  ...'range multi category datetimes interval period timedeltas'
    .split(' ')
    .flatMap((module) =>
      namesOf(
        [`pandas.core.indexes.${module}`],
        `${pandasIndexes} _new_DatetimeIndex _new_IntervalIndex _new_PeriodIndex`,
      ),
    ),
  ...namesOf(['pandas.core.indexes.numeric'], 'Float64Index Int64Index UInt64Index'),
  ...namesOf(['pandas.core.internals.managers'], 'BlockManager SingleBlockManager'),
  ...namesOf(['pandas.core.internals.blocks'], 'new_block'),
  ...namesOf(['pandas._libs.internals'], '_unpickle_block BlockPlacement'),
  ...namesOf(['pandas._libs.arrays'], '__pyx_unpickle_NDArrayBacked'),
  ...namesOf(['pandas._libs.tslibs.timestamps'], '_unpickle_timestamp'),
  ...namesOf(['pandas._libs.tslibs.timedeltas'], '_timedelta_unpickle'),
  ...namesOf(['pandas._libs.tslibs.nattype'], '_nat_unpickle'),
  ...namesOf(['pandas._libs.interval'], 'Interval'),
  ...namesOf(['pandas._libs.missing'], 'NAType'),
  ...'boolean categorical datetimes floating integer interval numpy_ period string_ string_arrow timedeltas'
    .split(' ')
    .flatMap((module) =>
      namesOf(
        [`pandas.core.arrays.${module}`],
        `Categorical ArrowStringArrayNumpySemantics ${pandasArrays} ${pandasDtypes}`,
      ),
    ),
  ...namesOf(['pandas.core.dtypes.dtypes'], `NumpyEADtype ${pandasDtypes}`),
  ...namesOf(['pandas.core.flags'], 'Flags'),
];

const sparse = 'bsr coo csc csr dia dok lil';
const scipy = [
  ...sparse
    .split(' ')
    .flatMap((kind) => namesOf([`scipy.sparse._${kind}`, `scipy.sparse.${kind}`], `${kind}_matrix ${kind}_array`)),
  ...namesOf(['scipy.interpolate._bsplines'], 'BSpline'),
  ...namesOf(['scipy.interpolate._interpolate', 'scipy.interpolate.interpolate'], 'interp1d PPoly'),
  ...namesOf(['scipy.interpolate._polyint'], 'BarycentricInterpolator KroghInterpolator'),
  ...namesOf(['scipy.interpolate._fitpack2'], 'UnivariateSpline'),
  ...namesOf(['scipy.spatial._ckdtree'], 'cKDTree'),
  ...namesOf(['scipy.spatial._kdtree'], 'KDTree'),
  'scipy.optimize._optimize:OptimizeResult',
];

const xgboost = [
  ...namesOf(['xgboost.core'], 'Booster DataSplitMode'),
  ...namesOf(['xgboost.sklearn'], 'XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor'),
  ...namesOf(['xgboost.callback'], 'EarlyStopping EvaluationMonitor'),
];

const lightgbm = [
  ...namesOf(['lightgbm.basic'], 'Booster'),
  ...namesOf(['lightgbm.sklearn'], 'LGBMClassifier LGBMModel LGBMRanker LGBMRegressor _LGBMLabelEncoder'),
];

const storages =
  'BFloat16Storage BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage IntStorage LongStorage ShortStorage';
const torch = [
  ...namesOf(['torch'], `Size Tensor device ${storages}`),
  ...namesOf(
    ['torch'],
    'bfloat16 bool float16 float32 float64 half int16 int32 int64 int8 uint8 complex64 complex128 strided sparse_coo per_tensor_affine per_channel_affine',
  ),
  ...namesOf(['torch.storage'], 'TypedStorage UntypedStorage _TypedStorage _UntypedStorage'),
  ...namesOf(
    ['torch._utils'],
    '_rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3',
  ),
  ...namesOf(['torch.nn.parameter'], 'Buffer Parameter UninitializedParameter'),
  ...namesOf(['torch.serialization'], '_get_layout'),
  ...namesOf(
    ['torch.nn.modules.container', 'torch.nn.modules.linear', 'torch.nn.modules.activation'],
    'Identity Linear ModuleDict ModuleList ParameterDict ParameterList ReLU Sequential Sigmoid Softmax Tanh GELU LeakyReLU SiLU',
  ),
  ...namesOf(['torch.nn.modules.conv'], 'Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d'),
  ...namesOf(['torch.nn.modules.batchnorm'], 'BatchNorm1d BatchNorm2d BatchNorm3d'),
  ...namesOf(['torch.nn.modules.normalization'], 'GroupNorm LayerNorm'),
  ...namesOf(['torch.nn.modules.dropout'], 'Dropout Dropout1d Dropout2d'),
  ...namesOf(
    ['torch.nn.modules.pooling'],
    'AdaptiveAvgPool1d AdaptiveAvgPool2d AvgPool1d AvgPool2d MaxPool1d MaxPool2d',
  ),
  ...namesOf(['torch.nn.modules.rnn'], 'GRU LSTM RNN'),
  ...namesOf(['torch.nn.modules.sparse'], 'Embedding EmbeddingBag'),
  ...namesOf(['torch.nn.modules.flatten'], 'Flatten Unflatten'),
  ...namesOf(['torch.nn.modules.transformer'], 'TransformerEncoder TransformerEncoderLayer'),
];

const joblib = ['joblib.numpy_pickle:NumpyArrayWrapper'];

/** What models of the common libraries are made of, each name by itself. */
export const safeImports: readonly string[] = [
  ...python,
  ...numpy,
  ...pandas,
  ...scipy,
  ...Object.entries(safeSklearn).flatMap(([module, names]) => namesOf([module], names)),
  ...xgboost,
  ...lightgbm,
  ...torch,
  ...joblib,
];

/** What runs code, reads files or opens connections, or imports what does. Everything that is not safe fails; these are named as what they are. */
export const dangerousImports: readonly string[] = [
  ...namesOf(
    ['builtins'],
    '__import__ apply breakpoint compile delattr eval exec execfile file getattr globals input locals open setattr vars',
  ),
  ...'os posix nt posixpath ntpath subprocess sys shutil socket ssl ctypes _ctypes cffi importlib imp runpy pty pdb bdb code codeop timeit profile cProfile trace commands popen2 platform webbrowser antigravity tempfile glob signal threading _thread multiprocessing asyncio concurrent pickle _pickle cPickle dill cloudpickle marshal shelve types inspect gc operator _operator itertools pkgutil zipimport venv ensurepip pip setuptools distutils idlelib lib2to3 pydoc doctest unittest requests urllib urllib2 urllib3 http httpx aiohttp httplib ftplib smtplib telnetlib xmlrpc paramiko'
    .split(' ')
    .flatMap((module) => [`${module}:*`, `${module}.*:*`]),
  ...'numpy.testing numpy.f2py numpy.distutils numpy.lib._npyio_impl numpy.lib.npyio pandas.io torch.hub torch.jit torch.utils torch.distributed torch._inductor torch._dynamo joblib.memory joblib.parallel joblib._memory_helpers joblib.externals sklearn.externals'
    .split(' ')
    .flatMap((module) => [`${module}:*`, `${module}.*:*`]),
  'joblib:load',
  'functools:reduce',
  'numpy:load',
  'torch:load',
];
