import { createHash } from 'node:crypto';
import type { DigestName } from '../../src/digests.ts';
import { writeEcdsaSignature } from '../../src/ecdsa-signature.ts';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, type MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

/** Hexadecimal, all of one width: that of the curve's order. */
interface PrintedCurve {
  readonly section: string;
  readonly privateKey: string;
  readonly x: string;
  readonly y: string;
  readonly signatures: readonly PrintedSignature[];
}

interface PrintedSignature {
  readonly message: string;
  readonly digest: DigestName;
  readonly r: string;
  readonly s: string;
}

/** RFC 6979, appendices A.2.3 to A.2.7, all of them: hashes longer and shorter than the curve's order among them. */
export const RFC_6979: readonly PrintedCurve[] = [
  {
    section: 'A.2.3',
    privateKey: '6fab034934e4c0fc9ae67f5b5659a9d7d1fefd187ee09fd4',
    x: 'ac2c77f529f91689fea0ea5efec7f210d8eea0b9e047ed56',
    y: '3bc723e57670bd4887ebc732c523063d0a7c957bc97c1c43',
    signatures: [
      {
        message: 'sample',
        digest: 'sha-1',
        r: '98c6bd12b23eaf5e2a2045132086be3eb8ebd62abf6698ff',
        s: '57a22b07dea9530f8de9471b1dc6624472e8e2844bc25b64',
      },
      {
        message: 'sample',
        digest: 'sha-224',
        r: 'a1f00dad97aeec91c95585f36200c65f3c01812aa60378f5',
        s: 'e07ec1304c7c6c9debbe980b9692668f81d4de7922a0f97a',
      },
      {
        message: 'sample',
        digest: 'sha-256',
        r: '4b0b8ce98a92866a2820e20aa6b75b56382e0f9bfd5ecb55',
        s: 'ccdb006926ea9565cbadc840829d8c384e06de1f1e381b85',
      },
      {
        message: 'sample',
        digest: 'sha-384',
        r: 'da63bf0b9abcf948fbb1e9167f136145f7a20426dcc287d5',
        s: 'c3aa2c960972bd7a2003a57e1c4c77f0578f8ae95e31ec5e',
      },
      {
        message: 'sample',
        digest: 'sha-512',
        r: '4d60c5ab1996bd848343b31c00850205e2ea6922dac2e4b8',
        s: '3f6e837448f027a1bf4b34e796e32a811cbb4050908d8f67',
      },
      {
        message: 'test',
        digest: 'sha-1',
        r: '0f2141a0ebbc44d2e1af90a50ebcfce5e197b3b7d4de036d',
        s: 'eb18bc9e1f3d7387500cb99cf5f7c157070a8961e38700b7',
      },
      {
        message: 'test',
        digest: 'sha-224',
        r: '6945a1c1d1b2206b8145548f633bb61cef04891baf26ed34',
        s: 'b7fb7fdfc339c0b9bd61a9f5a8eaf9be58fc5cba2cb15293',
      },
      {
        message: 'test',
        digest: 'sha-256',
        r: '3a718bd8b4926c3b52ee6bbe67ef79b18cb6eb62b1ad97ae',
        s: '5662e6848a4a19b1f1ae2f72acd4b8bbe50f1eac65d9124f',
      },
      {
        message: 'test',
        digest: 'sha-384',
        r: 'b234b60b4db75a733e19280a7a6034bd6b1ee88af5332367',
        s: '7994090b2d59bb782be57e74a44c9a1c700413f8abefe77a',
      },
      {
        message: 'test',
        digest: 'sha-512',
        r: 'fe4f4ae86a58b6507946715934fe2d8ff9d95b6b098fe739',
        s: '74cf5605c98fba0e1ef34d4b5a1577a7dcf59457cae52290',
      },
    ],
  },
  {
    section: 'A.2.4',
    privateKey: 'f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1',
    x: '00cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6c',
    y: 'eeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a',
    signatures: [
      {
        message: 'sample',
        digest: 'sha-1',
        r: '22226f9d40a96e19c4a301ce5b74b115303c0f3a4fd30fc257fb57ac',
        s: '66d1cdd83e3af75605dd6e2feff196d30aa7ed7a2edf7af475403d69',
      },
      {
        message: 'sample',
        digest: 'sha-224',
        r: '1cdfe6662dde1e4a1ec4cdedf6a1f5a2fb7fbd9145c12113e6abfd3e',
        s: 'a6694fd7718a21053f225d3f46197ca699d45006c06f871808f43ebc',
      },
      {
        message: 'sample',
        digest: 'sha-256',
        r: '61aa3da010e8e8406c656bc477a7a7189895e7e840cdfe8ff42307ba',
        s: 'bc814050dab5d23770879494f9e0a680dc1af7161991bde692b10101',
      },
      {
        message: 'sample',
        digest: 'sha-384',
        r: '0b115e5e36f0f9ec81f1325a5952878d745e19d7bb3eabfaba77e953',
        s: '830f34ccdfe826ccfdc81eb4129772e20e122348a2bbd889a1b1af1d',
      },
      {
        message: 'sample',
        digest: 'sha-512',
        r: '074bd1d979d5f32bf958ddc61e4fb4872adcafeb2256497cdac30397',
        s: 'a4ceca196c3d5a1ff31027b33185dc8ee43f288b21ab342e5d8eb084',
      },
      {
        message: 'test',
        digest: 'sha-1',
        r: 'deaa646ec2af2ea8ad53ed66b2e2ddaa49a12efd8356561451f3e21c',
        s: '95987796f6cf2062ab8135271de56ae55366c045f6d9593f53787bd2',
      },
      {
        message: 'test',
        digest: 'sha-224',
        r: 'c441ce8e261ded634e4cf84910e4c5d1d22c5cf3b732bb204dbef019',
        s: '902f42847a63bdc5f6046ada114953120f99442d76510150f372a3f4',
      },
      {
        message: 'test',
        digest: 'sha-256',
        r: 'ad04dde87b84747a243a631ea47a1ba6d1faa059149ad2440de6fba6',
        s: '178d49b1ae90e3d8b629be3db5683915f4e8c99fdf6e666cf37adcfd',
      },
      {
        message: 'test',
        digest: 'sha-384',
        r: '389b92682e399b26518a95506b52c03bc9379a9dadf3391a21fb0ea4',
        s: '414a718ed3249ff6dbc5b50c27f71f01f070944da22ab1f78f559aab',
      },
      {
        message: 'test',
        digest: 'sha-512',
        r: '049f050477c5add858cac56208394b5a55baebbe887fdf765047c17c',
        s: '077eb13e7005929cefa3cd0403c7cdcc077adf4e44f3c41b2f60ecff',
      },
    ],
  },
  {
    section: 'A.2.5',
    privateKey: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
    x: '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
    y: '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    signatures: [
      {
        message: 'sample',
        digest: 'sha-1',
        r: '61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32',
        s: '6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb',
      },
      {
        message: 'sample',
        digest: 'sha-224',
        r: '53b2fff5d1752b2c689df257c04c40a587fababb3f6fc2702f1343af7ca9aa3f',
        s: 'b9afb64fdc03dc1a131c7d2386d11e349f070aa432a4acc918bea988bf75c74c',
      },
      {
        message: 'sample',
        digest: 'sha-256',
        r: 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
        s: 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
      },
      {
        message: 'sample',
        digest: 'sha-384',
        r: '0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719',
        s: '4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954',
      },
      {
        message: 'sample',
        digest: 'sha-512',
        r: '8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00',
        s: '2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe',
      },
      {
        message: 'test',
        digest: 'sha-1',
        r: '0cbcc86fd6abd1d99e703e1ec50069ee5c0b4ba4b9ac60e409e8ec5910d81a89',
        s: '01b9d7b73dfaa60d5651ec4591a0136f87653e0fd780c3b1bc872ffdeae479b1',
      },
      {
        message: 'test',
        digest: 'sha-224',
        r: 'c37edb6f0ae79d47c3c27e962fa269bb4f441770357e114ee511f662ec34a692',
        s: 'c820053a05791e521fcaad6042d40aea1d6b1a540138558f47d0719800e18f2d',
      },
      {
        message: 'test',
        digest: 'sha-256',
        r: 'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
        s: '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
      },
      {
        message: 'test',
        digest: 'sha-384',
        r: '83910e8b48bb0c74244ebdf7f07a1c5413d61472bd941ef3920e623fbccebeb6',
        s: '8ddbec54cf8cd5874883841d712142a56a8d0f218f5003cb0296b6b509619f2c',
      },
      {
        message: 'test',
        digest: 'sha-512',
        r: '461d93f31b6540894788fd206c07cfa0cc35f46fa3c91816fff1040ad1581a04',
        s: '39af9f15de0db8d97e72719c74820d304ce5226e32dedae67519e840d1194e55',
      },
    ],
  },
  {
    section: 'A.2.6',
    privateKey: '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
    x: 'ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13',
    y: '8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720',
    signatures: [
      {
        message: 'sample',
        digest: 'sha-1',
        r: 'ec748d839243d6fbef4fc5c4859a7dffd7f3abddf72014540c16d73309834fa37b9ba002899f6fda3a4a9386790d4eb2',
        s: 'a3bcfa947beef4732bf247ac17f71676cb31a847b9ff0cbc9c9ed4c1a5b3facf26f49ca031d4857570ccb5ca4424a443',
      },
      {
        message: 'sample',
        digest: 'sha-224',
        r: '42356e76b55a6d9b4631c865445dbe54e056d3b3431766d0509244793c3f9366450f76ee3de43f5a125333a6be060122',
        s: '9da0c81787064021e78df658f2fbb0b042bf304665db721f077a4298b095e4834c082c03d83028efbf93a3c23940ca8d',
      },
      {
        message: 'sample',
        digest: 'sha-256',
        r: '21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd',
        s: 'f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0',
      },
      {
        message: 'sample',
        digest: 'sha-384',
        r: '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
        s: '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
      },
      {
        message: 'sample',
        digest: 'sha-512',
        r: 'ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709',
        s: '512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5',
      },
      {
        message: 'test',
        digest: 'sha-1',
        r: '4bc35d3a50ef4e30576f58cd96ce6bf638025ee624004a1f7789a8b8e43d0678acd9d29876daf46638645f7f404b11c7',
        s: 'd5a6326c494ed3ff614703878961c0fde7b2c278f9a65fd8c4b7186201a2991695ba1c84541327e966fa7b50f7382282',
      },
      {
        message: 'test',
        digest: 'sha-224',
        r: 'e8c9d0b6ea72a0e7837fea1d14a1a9557f29faa45d3e7ee888fc5bf954b5e62464a9a817c47ff78b8c11066b24080e72',
        s: '07041d4a7a0379ac7232ff72e6f77b6ddb8f09b16cce0ec3286b2bd43fa8c6141c53ea5abef0d8231077a04540a96b66',
      },
      {
        message: 'test',
        digest: 'sha-256',
        r: '6d6defac9ab64dabafe36c6bf510352a4cc27001263638e5b16d9bb51d451559f918eedaf2293be5b475cc8f0188636b',
        s: '2d46f3becbcc523d5f1a1256bf0c9b024d879ba9e838144c8ba6baeb4b53b47d51ab373f9845c0514eefb14024787265',
      },
      {
        message: 'test',
        digest: 'sha-384',
        r: '8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db',
        s: 'ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5',
      },
      {
        message: 'test',
        digest: 'sha-512',
        r: 'a0d5d090c9980faf3c2ce57b7ae951d31977dd11c775d314af55f76c676447d06fb6495cd21b4b6e340fc236584fb277',
        s: '976984e59b4c77b0e8e4460dca3d9f20e07b9bb1f63beefaf576f6b2e8b224634a2092cd3792e0159ad9cee37659c736',
      },
    ],
  },
  {
    section: 'A.2.7',
    privateKey:
      '00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538',
    x: '01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4',
    y: '00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5',
    signatures: [
      {
        message: 'sample',
        digest: 'sha-1',
        r: '00343b6ec45728975ea5cba6659bbb6062a5ff89eea58be3c80b619f322c87910fe092f7d45bb0f8eee01ed3f20babec079d202ae677b243ab40b5431d497c55d75d',
        s: '00e7b0e675a9b24413d448b8cc119d2bf7b2d2df032741c096634d6d65d0dbe3d5694625fb9e8104d3b842c1b0e2d0b98bea19341e8676aef66ae4eba3d5475d5d16',
      },
      {
        message: 'sample',
        digest: 'sha-224',
        r: '01776331cfcdf927d666e032e00cf776187bc9fdd8e69d0dabb4109ffe1b5e2a30715f4cc923a4a5e94d2503e9acfed92857b7f31d7152e0f8c00c15ff3d87e2ed2e',
        s: '0050cb5265417fe2320bbb5a122b8e1a32bd699089851128e360e620a30c7e17ba41a666af126ce100e5799b153b60528d5300d08489ca9178fb610a2006c254b41f',
      },
      {
        message: 'sample',
        digest: 'sha-256',
        r: '01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d16876e25c7c1e57648f23b73564d67f61c6f14d527d54972810421e7d87589e1a7',
        s: '004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a347916e4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc',
      },
      {
        message: 'sample',
        digest: 'sha-384',
        r: '01ea842a0e17d2de4f92c15315c63ddf72685c18195c2bb95e572b9c5136ca4b4b576ad712a52be9730627d16054ba40cc0b8d3ff035b12ae75168397f5d50c67451',
        s: '01f21a3cee066e1961025fb048bd5fe2b7924d0cd797babe0a83b66f1e35eeaf5fde143fa85dc394a7dee766523393784484bdf3e00114a1c857cde1aa203db65d61',
      },
      {
        message: 'sample',
        digest: 'sha-512',
        r: '00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa',
        s: '00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a',
      },
      {
        message: 'test',
        digest: 'sha-1',
        r: '013bad9f29abe20de37ebeb823c252ca0f63361284015a3bf430a46aaa80b87b0693f0694bd88afe4e661fc33b094cd3b7963bed5a727ed8bd6a3a202abe009d0367',
        s: '01e9bb81ff7944ca409ad138dbbee228e1afcc0c890fc78ec8604639cb0dbdc90f717a99ead9d272855d00162ee9527567dd6a92cbd629805c0445282bbc916797ff',
      },
      {
        message: 'test',
        digest: 'sha-224',
        r: '01c7ed902e123e6815546065a2c4af977b22aa8eaddb68b2c1110e7ea44d42086bfe4a34b67ddc0e17e96536e358219b23a706c6a6e16ba77b65e1c595d43cae17fb',
        s: '0177336676304fcb343ce028b38e7b4fba76c1c1b277da18cad2a8478b2a9a9f5bec0f3ba04f35db3e4263569ec6aade8c92746e4c82f8299ae1b8f1739f8fd519a4',
      },
      {
        message: 'test',
        digest: 'sha-256',
        r: '000e871c4a14f993c6c7369501900c4bc1e9c7b0b4ba44e04868b30b41d8071042eb28c4c250411d0ce08cd197e4188ea4876f279f90b3d8d74a3c76e6f1e4656aa8',
        s: '00cd52dbaa33b063c3a6cd8058a1fb0a46a4754b034fcc644766ca14da8ca5ca9fde00e88c1ad60ccba759025299079d7a427ec3cc5b619bfbc828e7769bcd694e86',
      },
      {
        message: 'test',
        digest: 'sha-384',
        r: '014bee21a18b6d8b3c93fab08d43e739707953244fdbe924fa926d76669e7ac8c89df62ed8975c2d8397a65a49dcc09f6b0ac62272741924d479354d74ff6075578c',
        s: '0133330865c067a0eaf72362a65e2d7bc4e461e8c8995c3b6226a21bd1aa78f0ed94fe536a0dca35534f0cd1510c41525d163fe9d74d134881e35141ed5e8e95b979',
      },
      {
        message: 'test',
        digest: 'sha-512',
        r: '013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca4166b2a7c6265ef0ce2bd7051b7cef945babd47ee6d',
        s: '01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a19ca69eff5c57400e3b3a0ad66ce0978214d13baf4e9ac60752f7b155e2de4dce3',
      },
    ],
  },
];

interface MadeEcdsa {
  readonly digest: DigestName;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly payload: string;
  readonly signature: string;
}

const MADE = readMadeAnswers<Readonly<Record<string, readonly MadeEcdsa[]>>>('./ecdsa-made.json');
const MAKER: MadeAnswer = {
  tool: '@noble/curves',
  version: '2.4.0',
  command: 'node packages/algorithms/test/known-answers/make-ecdsa.ts',
};

/** Known answers of one curve: what RFC 6979 prints (`section`), and what a second implementation made. */
export function ecdsaKnownAnswers(algorithm: string, section: string | undefined): () => KnownAnswers {
  return () => ({ cases: [...printedCases(section), ...madeCases(algorithm)] });
}

function printedCases(section: string | undefined): KnownAnswer[] {
  const curve = RFC_6979.find((printed) => printed.section === section);
  if (curve === undefined) return [];
  return curve.signatures.map(({ message, digest, r, s }) => ({
    name: `RFC 6979 ${curve.section}, ${digest}, message = "${message}"`,
    source: { standard: 'RFC 6979', section: curve.section },
    privateKeyHex: curve.privateKey,
    publicKeyHex: `04${curve.x}${curve.y}`,
    payload: {
      kind: 'digest',
      hex: createHash(digest.replace('-', '')).update(message).digest('hex'),
      digest,
    },
    options: { deterministic: true },
    signatureHex: derHex(r, s),
    expect: 'sign',
  }));
}

function madeCases(algorithm: string): KnownAnswer[] {
  return (MADE[algorithm] ?? []).map((made) => ({
    name: `deterministic with ${made.digest}`,
    source: MAKER,
    privateKeyHex: made.privateKey,
    publicKeyHex: made.publicKey,
    payload: { kind: 'digest', hex: made.payload, digest: made.digest },
    options: { deterministic: true },
    signatureHex: made.signature,
    expect: 'sign',
  }));
}

function derHex(r: string, s: string): string {
  const out = new Uint8Array(200);
  return Buffer.from(out.subarray(0, writeEcdsaSignature(bytesFromHex(r + s), out))).toString('hex');
}
